/** Chinese words of the comparison that workbook and pages share. */
import type { ComparedField, ComparisonChange, ComparisonClass } from '../schemas/comparison.ts';

export const CHANGE_LABELS = {
  new: '新增',
  staying: '持续',
  resolved: '已解决',
} as const satisfies Record<ComparisonChange['state'], string>;

export const FIELD_TITLES = {
  ORG_CODE: '受理机构',
  APPLICANT_NAME: '申请人名称',
  APPLICANT_ID_NO: '申请人证件号码',
  RESPONDENT_NAME: '被申请人名称',
  RESPONDENT_ID_NO: '被申请人证件号码',
  DISPUTE_TYPE: '争议类型',
  CLAIM_AMOUNT: '请求金额',
} as const satisfies Record<ComparedField, string>;

export const fieldTitle = (field: string): string =>
  field in FIELD_TITLES ? FIELD_TITLES[field as ComparedField] : field;

export const CLASS_MEANINGS = {
  LINK_CONFLICT:
    '与多件案件关联，或案件还与其他预申请关联，或案号所指案件属于另一预申请，或案号不对应任何案件',
  STATUS_CONFLICT: '待审核、退回补正、不予受理或撤回，而关联案件已受理；或审核通过，而关联案件不予受理',
  FIELD_DIFF: '已关联，至少一个比对字段不一致',
  MATCHED: '已关联，比对字段全部一致',
  DUPLICATE: '未关联；此前30日内已有相同当事人、相同争议类型的预申请',
  PROBABLE_MATCH: '未关联；有当事人相同、收到申请与提交相距不超过30日的未关联案件',
  MISSING_CASE: '审核通过超过5个工作日，仍无案件',
  OVERDUE_REVIEW: '提交超过5个工作日，仍待审核',
  CLOSED_UNLINKED: '不予受理或撤回，无案件',
  IN_PROGRESS: '其余',
  ORPHAN_CASE: '报表期内收到或受理的网上案件，没有对应的预申请',
} as const satisfies Record<ComparisonClass, string>;
