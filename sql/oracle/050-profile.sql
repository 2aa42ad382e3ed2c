-- Optional: limits of the account, none of them on rows. Run as a DBA.
-- Sessions: those of source.oracle.sessions, one that plans, and one to spare. The password does not expire by
-- itself, because a scheduled run would stop; change it by your own rules.

CREATE PROFILE ARBDATA_PROFILE LIMIT
  SESSIONS_PER_USER 6
  IDLE_TIME 60
  FAILED_LOGIN_ATTEMPTS 10
  PASSWORD_LIFE_TIME UNLIMITED;

ALTER USER ARBDATA PROFILE ARBDATA_PROFILE;
