/** Whether a column of the database can be read as the contract's: what is harmless passes without a word. */
import type { Column } from '../../../../schemas/contract.ts';
import { unknownSource } from './advice.ts';
import type { OracleRow } from './session.ts';

/** A column as ALL_TAB_COLUMNS has it. */
export interface DictionaryColumn {
  readonly name: string;
  /** `NUMBER`, `VARCHAR2`, `TIMESTAMP(6) WITH TIME ZONE` … */
  readonly dataType: string;
  readonly precision: number | undefined;
  readonly scale: number | undefined;
  readonly length: number | undefined;
}

export interface TypeProblem {
  readonly severity: 'error' | 'warning';
  /** What follows the column's name: `is DATE; the contract …`. */
  readonly message: string;
  /** What gives the contract's type in a view over this one; absent where the values and not the type need a look. */
  readonly expression?: string;
}

export function dictionaryColumn(row: OracleRow): DictionaryColumn {
  const number = (text: string | null | undefined) =>
    text === null || text === undefined || text === '' ? undefined : Number(text);
  const characters = number(row['CHAR_LENGTH']);
  return {
    name: row['COLUMN_NAME'] ?? '',
    dataType: (row['DATA_TYPE'] ?? '').toUpperCase(),
    precision: number(row['DATA_PRECISION']),
    scale: number(row['DATA_SCALE']),
    length: characters === 0 ? number(row['DATA_LENGTH']) : (characters ?? number(row['DATA_LENGTH'])),
  };
}

/** The type as people write it: `NUMBER(18,2)`, `VARCHAR2(64)`. */
function typeText({ dataType, precision, scale, length }: DictionaryColumn): string {
  if (dataType === 'NUMBER') {
    if (precision === undefined) return scale === 0 ? 'INTEGER' : 'NUMBER';
    return scale === undefined || scale === 0 ? `NUMBER(${precision})` : `NUMBER(${precision},${scale})`;
  }
  return /CHAR/.test(dataType) && length !== undefined ? `${dataType}(${length})` : dataType;
}

/** @param source the column's name as it stands in a statement */
export function typeProblem(
  column: Column,
  actual: DictionaryColumn,
  source: string,
): TypeProblem | undefined {
  switch (column.type) {
    case 'text':
      return textProblem(column, actual, source);
    case 'number':
      return numberProblem(column, actual, source);
    case 'date':
    case 'timestamp':
      return dateProblem(column, actual, source);
    default:
      return column.type satisfies never;
  }
}

function problem(
  severity: TypeProblem['severity'],
  column: Column,
  actual: DictionaryColumn,
  { because, expression }: { because: string; expression?: string | undefined },
): TypeProblem {
  return {
    severity,
    message: `is ${typeText(actual)}, the contract says ${column.oracleType}: ${because}`,
    expression: expression ?? unknownSource(column),
  };
}

function textProblem(column: Column, actual: DictionaryColumn, source: string): TypeProblem | undefined {
  const { dataType, length } = actual;
  const [, wanted] = /\((\d+)\)/.exec(column.oracleType) ?? [];
  const declared = column.oracleType.replace(/\)$/, ' CHAR)');
  const isFixed = column.oracleType.startsWith('CHAR');
  // The blanks of a CHAR are the type's, and the extraction takes them off by the type that the database declares.
  if (/^N?(VAR)?CHAR2?$/.test(dataType)) {
    if (!isFixed || length === undefined || length <= Number(wanted)) return undefined;
    return {
      severity: 'warning',
      message: `is ${typeText(actual)}, the contract says ${column.oracleType}: a longer code is in no list and counts as unknown`,
    };
  }
  if (dataType === 'CLOB' || dataType === 'NCLOB') {
    const expression = `CAST(DBMS_LOB.SUBSTR(${source}, ${wanted}, 1) AS ${declared})`;
    return problem('error', column, actual, { because: 'large objects are not read', expression });
  }
  if (dataType === 'NUMBER') {
    const expression = isFixed
      ? `TO_CHAR(${source}, 'FM${'0'.repeat(Number(wanted))}')`
      : `TO_CHAR(${source})`;
    return problem('error', column, actual, { because: 'leading zeros are lost', expression });
  }
  return problem('error', column, actual, { because: 'it is no text' });
}

function numberProblem(column: Column, actual: DictionaryColumn, source: string): TypeProblem | undefined {
  const { dataType, precision, scale = 0 } = actual;
  const expression = `CAST(${source} AS ${column.oracleType})`;
  if (dataType === 'NUMBER' || dataType === 'FLOAT') {
    const [, digits, decimals = '0'] = /\((\d+)(?:,(\d+))?\)/.exec(column.oracleType) ?? [];
    const isUnbounded = dataType === 'FLOAT' || precision === undefined;
    const fits =
      !isUnbounded && scale <= Number(decimals) && precision - scale <= Number(digits) - Number(decimals);
    if (fits) return undefined;
    const because = 'a value that does not fit stops the read';
    return problem('warning', column, actual, { because, expression });
  }
  if (dataType === 'BINARY_FLOAT' || dataType === 'BINARY_DOUBLE') {
    return problem('error', column, actual, { because: 'a binary float holds no exact amount', expression });
  }
  if (/CHAR/.test(dataType)) {
    return problem('error', column, actual, { because: 'a text is no number', expression });
  }
  return problem('error', column, actual, { because: 'it is no number' });
}

function dateProblem(column: Column, actual: DictionaryColumn, source: string): TypeProblem | undefined {
  const { dataType } = actual;
  const isTimestamp = column.type === 'timestamp';
  const cast = (value: string): string => `CAST(${value} AS ${column.oracleType})`;
  if (dataType === 'DATE') {
    if (!isTimestamp) return undefined;
    const because = 'fractions of a second cannot be asked of a DATE';
    return problem('error', column, actual, { because, expression: cast(source) });
  }
  if (/^TIMESTAMP(\(\d\))? WITH TIME ZONE$/.test(dataType)) {
    const because =
      'each value has a zone of its own, and the contract is of wall-clock time in Asia/Shanghai';
    const expression = cast(`${source} AT TIME ZONE 'Asia/Shanghai'`);
    return problem('error', column, actual, { because, expression });
  }
  // WITH LOCAL TIME ZONE is told in the session's zone, which is Asia/Shanghai.
  if (/^TIMESTAMP(\(\d\))?( WITH LOCAL TIME ZONE)?$/.test(dataType)) return undefined;
  if (/CHAR/.test(dataType)) {
    const read = isTimestamp
      ? `TO_TIMESTAMP(${source}, 'YYYY-MM-DD HH24:MI:SS.FF')`
      : `TO_DATE(${source}, 'YYYY-MM-DD')`;
    return problem('error', column, actual, { because: 'a text is no date', expression: read });
  }
  return problem('error', column, actual, { because: 'it is no date' });
}
