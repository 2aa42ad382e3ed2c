/** The Chinese words that pages show for codes: each stands once, where its codes stand, and is handed out from there. */
import { FIELD_TITLES } from '../exports/comparison-words.ts';
import { FINDING_STATE_LABELS, SEVERITY_LABELS } from '../exports/labels.ts';
import { ROLE_TITLES, TOKEN_SCOPE_TITLES } from '../schemas/accounts.ts';
import { AUDIT_ACTION_TITLES } from '../schemas/audit-actions.ts';
import { BACKUP_KIND_TITLES } from '../schemas/backup.ts';
import { CLASS_TITLES } from '../schemas/comparison.ts';
import { STEP_TITLES } from '../schemas/steps.ts';
import type { Service } from './runtime/service.ts';

/** Lists of words, each by its codes. */
export const LABEL_LISTS = [
  'severities',
  'findingStates',
  'comparisonClasses',
  'comparedFields',
  'preApplicationStates',
  'backupKinds',
  'roles',
  'tokenScopes',
  'auditActions',
  'steps',
] as const;
export type Labels = Readonly<Record<(typeof LABEL_LISTS)[number], Readonly<Record<string, string>>>>;

/** The words of this version of the program, and of the definitions in use. */
export function labelsOf({ codes }: Pick<Service['definitions'], 'codes'>): Labels {
  const states = codes.lists['pre_application_status']?.entries ?? [];
  return {
    severities: SEVERITY_LABELS,
    findingStates: FINDING_STATE_LABELS,
    comparisonClasses: CLASS_TITLES,
    comparedFields: FIELD_TITLES,
    preApplicationStates: Object.fromEntries(states.map(({ code, name }) => [code, name])),
    backupKinds: BACKUP_KIND_TITLES,
    roles: ROLE_TITLES,
    tokenScopes: TOKEN_SCOPE_TITLES,
    auditActions: AUDIT_ACTION_TITLES,
    steps: STEP_TITLES,
  };
}
