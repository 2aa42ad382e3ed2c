-- The account of Data Pump exports, apart from the one that reads rows: only where the service is to start exports itself.
-- Run as a DBA. The directory object names a folder on the database server; how its files get to the drop folder of the
-- service (a share, a copy job) is the DBA's to arrange. The job keeps a table in the account while it runs.

CREATE USER ARBDUMP IDENTIFIED BY "&ARBDUMP_PASSWORD" DEFAULT TABLESPACE USERS QUOTA 512M ON USERS;

GRANT CREATE SESSION TO ARBDUMP;

GRANT CREATE TABLE TO ARBDUMP;

GRANT DATAPUMP_EXP_FULL_DATABASE TO ARBDUMP;

GRANT EXECUTE ON SYS.DBMS_FLASHBACK TO ARBDUMP;

CREATE DIRECTORY ARB_DUMPS AS '&ARB_DUMPS_FOLDER';

GRANT READ, WRITE ON DIRECTORY ARB_DUMPS TO ARBDUMP;
