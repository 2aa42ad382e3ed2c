/** How figures, months and times are written. Figures are decimal text and stay text: nothing is rounded here. */

export const NONE = '—';

/**
 * `1183` as `1,183`, `-9.23` as `−9.23`, null as `—`.
 * @param {string | number | null | undefined} value
 */
export function figure(value) {
  if (value === null || value === undefined || value === '') return NONE;
  const [whole = '', decimals] = String(value).replace('-', '').split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const sign = String(value).startsWith('-') ? '−' : '';
  return `${sign}${grouped}${decimals === undefined ? '' : `.${decimals}`}`;
}

/**
 * For geometry alone: lengths of bars, places of points.
 * @param {string | number | null | undefined} value
 */
export function size(value) {
  return value === null || value === undefined ? 0 : Number(value);
}

/**
 * `2026-10` as `2026年10月`.
 * @param {string | null | undefined} month
 */
export function monthName(month) {
  const [, year, number] = /^(\d{4})-(\d\d)$/.exec(month ?? '') ?? [];
  return year === undefined ? (month ?? NONE) : `${year}年${Number(number)}月`;
}

/**
 * `2026-11-03 23:59:59` as `2026-11-03 23:59`.
 * @param {string | null | undefined} stamp
 */
export function minute(stamp) {
  return stamp === null || stamp === undefined ? NONE : stamp.slice(0, 16).replace('T', ' ');
}

/**
 * A stamp without fractions of a second.
 * @param {string | null | undefined} stamp
 */
export function second(stamp) {
  return stamp === null || stamp === undefined ? NONE : stamp.slice(0, 19);
}

/** @param {number} hours */
export function age(hours) {
  if (hours < 1) return '不到1小时';
  return hours < 48 ? `${hours}小时` : `${Math.floor(hours / 24)}天`;
}

/** @param {number} bytes */
export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let [amount, unit] = [bytes / 1024, 0];
  while (amount >= 1024 && unit < units.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${amount.toFixed(1)} ${units[unit]}`;
}

/**
 * The name of an indicator without the "其中:" that only makes sense below its parent.
 * @param {string} name
 */
export function plainName(name) {
  return name.replace(/^其中[:：]/, '');
}

/**
 * A body as a short name for maps and lists: that of its tile, or of its full name without what all names share.
 * @param {string} name
 */
export function shortName(name) {
  return name
    .replace(/劳动(人事)?争议仲裁(委员会|院)$/, '')
    .replace(/^北京市(?=.)/, '')
    .replace(/^北京(?=经济)/, '')
    .replace(/^经济技术开发区$/, '经开区')
    .replace(/^$/, '市级');
}

const WEEKDAYS = '日一二三四五六日';

/**
 * A cron expression in words where it is one time of every day, of days of the week or of a day of the month; any other
 * as it stands.
 * @param {string} expression
 */
export function cronWords(expression) {
  const [, minutes = '', hours = '', day = '', weekdays = ''] =
    /^(\d{1,2}) (\d{1,2}) (\*|\d{1,2}|L) \* (\*|[0-7](?:[,-][0-7])*)$/.exec(expression) ?? [];
  if (minutes === '' || (day !== '*' && weekdays !== '*')) return expression;
  const time = `${hours.padStart(2, '0')}:${minutes.padStart(2, '0')}`;
  if (weekdays !== '*') {
    const named = weekdays.replaceAll(/\d/g, (one) => WEEKDAYS[Number(one)] ?? one);
    return `每周${named.replaceAll(',', '、').replaceAll('-', '至')} ${time}`;
  }
  if (day === '*') return `每日 ${time}`;
  return day === 'L' ? `每月最后一天 ${time}` : `每月${day}日 ${time}`;
}
