/** Chinese words for the codes that people see in lists. */
import type { FindingState, PublicationState, Scope, Severity } from '../schemas/dataset.ts';

export const SEVERITY_LABELS = {
  error: '错误',
  warning: '预警',
  info: '提示',
} as const satisfies Record<Severity, string>;

export const FINDING_STATE_LABELS = {
  new: '新增',
  continuing: '持续',
  resolved: '已整改',
  verified: '已核实',
} as const satisfies Record<FindingState, string>;

export const PUBLICATION_STATE_LABELS = {
  draft: '草稿',
  held: '草稿（检查未通过，暂停发布）',
  approved: '已批准，待发布',
  published: '已发布',
  superseded: '已发布，后有修订',
} as const satisfies Record<PublicationState, string>;

export const SCOPE_LABELS = { month: '当期', ytd: '累计' } as const satisfies Record<Scope, string>;
