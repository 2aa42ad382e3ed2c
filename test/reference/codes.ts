/** The code lists as far as figures and rules need them, written out a second time. */

export const DISPUTE_TYPES = ['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12', '99'];
export const APPLY_CHANNELS = ['1', '2', '3'];
export const APPLICANT_SIDES = ['1', '2'];
export const AWARD_RESULTS = ['1', '2', '3'];
export const CASE_STATUSES = ['10', '20', '30', '40', '50', '60'];
export const CLOSE_MODES = ['1', '2', '3', '4', '5'];
export const INDUSTRIES = [...'ABCDEFGHIJKLMNOPQRST', 'Z'];
export const MEDIATION_RESULTS = ['1', '2', '3', '4'];
export const MEDIATION_SUCCESSES = ['1', '2'];
export const MEDIATOR_KINDS = ['1', '2', '3', '4', '5', '9'];
export const PRE_APPLICATION_STATUSES = ['1', '2', '3', '4', '5'];

/** Position (1 to 9) of the macro group of each EMPLOYER_NATURE: E01..E09. */
export const EMPLOYER_GROUPS: Readonly<Record<string, number>> = {
  '110': 1,
  '120': 2,
  '130': 3,
  '140': 3,
  '150': 3,
  '160': 3,
  '170': 3,
  '200': 4,
  '300': 4,
  '400': 5,
  '500': 6,
  '600': 7,
  '700': 8,
  '800': 8,
  '900': 9,
};

/** Whether a code is given and in its list. */
export function isListed(list: readonly string[], code: string | null): boolean {
  return code !== null && list.includes(code);
}
