/** The routing table: every way into the console but its static files. */
import { z } from 'zod';
import { HEALTH_ROUTE } from '../health.ts';
import { openApiDocument } from '../openapi.ts';
import { publicRoute, type Route } from '../route.ts';
import { ACCOUNT_ROUTES, AUDIT_ROUTES } from './accounts.ts';
import { AGREEMENT_ROUTES } from './agreement.ts';
import { BACKUP_ROUTES } from './backups.ts';
import { COCKPIT_ROUTES } from './cockpit.ts';
import { FIGURE_ROUTES } from './figures.ts';
import { COMPARISON_ROUTES, FINDING_ROUTES } from './findings.ts';
import { APPROVAL_ROUTES, FILE_ROUTES, REQUEST_ROUTES, RUN_ROUTES } from './runs.ts';
import { SCHEDULE_ROUTES } from './schedules.ts';
import { SESSION_ROUTES, TOKEN_ROUTES } from './session.ts';
import { SUBMISSION_ROUTES } from './submissions.ts';
import { WORD_ROUTES } from './words.ts';

const DESCRIBED: readonly Route[] = [
  ...SESSION_ROUTES,
  ...TOKEN_ROUTES,
  ...WORD_ROUTES,
  ...COCKPIT_ROUTES,
  ...FIGURE_ROUTES,
  ...AGREEMENT_ROUTES,
  ...FINDING_ROUTES,
  ...COMPARISON_ROUTES,
  ...RUN_ROUTES,
  ...REQUEST_ROUTES,
  ...APPROVAL_ROUTES,
  ...FILE_ROUTES,
  ...SUBMISSION_ROUTES,
  ...BACKUP_ROUTES,
  ...SCHEDULE_ROUTES,
  ...ACCOUNT_ROUTES,
  ...AUDIT_ROUTES,
];

const document = publicRoute({
  method: 'GET',
  path: '/api/openapi.json',
  summary: 'This description (OpenAPI 3.1).',
  roles: 'public',
  answer: z.record(z.string(), z.unknown()),
  handle: async () => ({ json: openApiDocument(ROUTES) }),
});

export const ROUTES: readonly Route[] = [HEALTH_ROUTE, ...DESCRIBED, document];
