/** What several commands of backups show alike. */
import type { FailedCopy } from '../../pipelines/backup.ts';

export const failedJson = ({ id, destination, error }: FailedCopy) => ({
  id,
  destination,
  code: error.code,
  message: error.message,
  advice: error.advice,
});
export const failedLine = ({ id, destination, error }: FailedCopy): string =>
  `PROBLEM  no copy of ${id} at ${destination}: ${error.code}: ${error.message}\n           ${error.advice}`;

export const megabytes = (bytes: number | null): string => (bytes === null ? '' : (bytes / 1e6).toFixed(1));
