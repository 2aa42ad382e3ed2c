-- No rows: starts a Data Pump export of schemas as of the present SCN, and leaves it to the database.
DECLARE
  job_handle NUMBER;
  job_name VARCHAR2(128) := :1;
  directory_name VARCHAR2(128) := :2;
  schema_list VARCHAR2(4000) := :3;
BEGIN
  job_handle := DBMS_DATAPUMP.OPEN(operation => 'EXPORT', job_mode => 'SCHEMA', job_name => job_name);
  BEGIN
    DBMS_DATAPUMP.ADD_FILE(handle => job_handle, filename => LOWER(job_name) || '_%U.dmp', directory => directory_name,
      filetype => DBMS_DATAPUMP.KU$_FILE_TYPE_DUMP_FILE);
    DBMS_DATAPUMP.ADD_FILE(handle => job_handle, filename => LOWER(job_name) || '.log', directory => directory_name,
      filetype => DBMS_DATAPUMP.KU$_FILE_TYPE_LOG_FILE);
    DBMS_DATAPUMP.METADATA_FILTER(handle => job_handle, name => 'SCHEMA_LIST', value => schema_list);
    DBMS_DATAPUMP.SET_PARAMETER(handle => job_handle, name => 'FLASHBACK_SCN',
      value => DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER);
    DBMS_DATAPUMP.START_JOB(handle => job_handle);
    DBMS_DATAPUMP.DETACH(handle => job_handle);
  EXCEPTION
    WHEN OTHERS THEN
      DBMS_DATAPUMP.STOP_JOB(handle => job_handle, immediate => 1, keep_master => 0);
      RAISE;
  END;
END;
