-- One row while a job of this account is there, none when it has ended: its state.
SELECT STATE FROM USER_DATAPUMP_JOBS WHERE JOB_NAME = :1
