-- Optional: reading rows as of one system change number, by which several sessions read at once and a broken read goes
-- on where it was.
-- Without these grants one session reads everything in one read-only transaction. Run as a DBA.

GRANT FLASHBACK ON ARB.ARB_ORG TO ARBDATA;
GRANT FLASHBACK ON ARB.ARB_CASE TO ARBDATA;
GRANT FLASHBACK ON ARB.ARB_PARTY TO ARBDATA;
GRANT FLASHBACK ON ARB.ARB_CLAIM TO ARBDATA;
GRANT FLASHBACK ON ARB.ARB_MEDIATION TO ARBDATA;
GRANT FLASHBACK ON ARB.PRE_APPLICATION TO ARBDATA;

-- The present system change number. One of the two is enough; without both it is asked for by the time, which is some
-- three seconds coarse.
GRANT EXECUTE ON SYS.DBMS_FLASHBACK TO ARBDATA;
GRANT SELECT ON SYS.V_$DATABASE TO ARBDATA;

-- Lets `arbdata source check` hold the undo retention against the time of a read.
GRANT SELECT ON SYS.V_$PARAMETER TO ARBDATA;
