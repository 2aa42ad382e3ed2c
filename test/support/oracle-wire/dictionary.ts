/** The dictionary views that are served, with the columns that clients ask for, made from the server's options. */
import { type Account, privilegesOn } from './accounts.ts';
import type { Database, StoredTable } from './database.ts';
import { dictionaryType, type OracleType, type WireColumn } from './oracle-types.ts';

export interface DictionaryOptions {
  readonly owner: string;
  readonly synonyms: boolean;
  readonly characterSet: string;
  readonly databaseTimeZone: string;
  readonly undoRetentionSeconds: number;
  readonly databaseName: string;
  readonly instanceName: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** NLS parameters of the database that differ from the default. */
  readonly nls: Readonly<Record<string, string>>;
}

export interface DictionaryContext {
  readonly account: Account;
  readonly accounts: readonly Account[];
  readonly database: Database;
  readonly options: DictionaryOptions;
  readonly sessionNls: Readonly<Record<string, string>>;
}

export interface DictionaryView {
  readonly columns: readonly WireColumn[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

type Rows = readonly (readonly (string | number | null)[])[];
interface Definition {
  readonly columns: readonly string[];
  /** SYS object that the account needs SELECT on; undefined: everyone may read. */
  readonly guarded?: string;
  readonly rows: (context: DictionaryContext) => Rows;
}

const NUMBERS = new Set([
  'DATA_LENGTH',
  'DATA_PRECISION',
  'DATA_SCALE',
  'CHAR_LENGTH',
  'COLUMN_ID',
  'CURRENT_SCN',
  'DBID',
  'OBJECT_ID',
  'NUM',
  'USER_ID',
  'TEXT_LENGTH',
  'INST_ID',
  'NUM_ROWS',
  'TUNED_UNDORETENTION',
]);
const DATES = new Set(['CREATED', 'LAST_DDL_TIME', 'LAST_ANALYZED']);

function columnOf(name: string): WireColumn {
  const type: OracleType = NUMBERS.has(name)
    ? { kind: 'number' }
    : DATES.has(name)
      ? { kind: 'date' }
      : { kind: 'varchar', length: 4000 };
  return { name, type, nullable: true };
}

/** A dictionary view as the account sees it; undefined where it sees none. */
export function dictionaryView(context: DictionaryContext, name: string): DictionaryView | undefined {
  const definition = VIEWS[name];
  if (definition === undefined) return undefined;
  if (
    definition.guarded !== undefined &&
    !privilegesOn(context.account, 'SYS', definition.guarded).has('SELECT')
  ) {
    return undefined;
  }
  return { columns: definition.columns.map(columnOf), rows: definition.rows(context) };
}

function visibleTables({ account, database }: DictionaryContext): StoredTable[] {
  return [...database.tables.values()].filter(
    ({ schema, name }) => privilegesOn(account, schema, name).size > 0,
  );
}

const CREATED = '2026-01-05 09:00:00';

function tabColumns(context: DictionaryContext): Rows {
  return visibleTables(context).flatMap((table) =>
    table.columns.map((column, at) => {
      const type = dictionaryType(column.type);
      return [
        table.schema,
        table.name,
        column.name,
        type.dataType,
        type.dataLength,
        type.precision,
        type.scale,
        column.nullable ? 'Y' : 'N',
        at + 1,
        type.charLength,
        type.charUsed,
        type.charUsed === null ? null : 'CHAR_CS',
      ];
    }),
  );
}
const TAB_COLUMNS = [
  'OWNER',
  'TABLE_NAME',
  'COLUMN_NAME',
  'DATA_TYPE',
  'DATA_LENGTH',
  'DATA_PRECISION',
  'DATA_SCALE',
  'NULLABLE',
  'COLUMN_ID',
  'CHAR_LENGTH',
  'CHAR_USED',
  'CHARACTER_SET_NAME',
];
const own = (rows: (context: DictionaryContext) => Rows) => (context: DictionaryContext) =>
  rows(context)
    .filter(([owner]) => owner === context.account.name)
    .map((row) => row.slice(1));

/** The contract's six are views over tables of the case system; what a client creates is a table. */
const isView = (context: DictionaryContext, table: StoredTable) =>
  table.schema === context.options.owner && table.definedAt <= FIRST_DEFINITION;
const FIRST_DEFINITION = 4_000_000;

function objects(context: DictionaryContext): Rows {
  return visibleTables(context).map((table, at) => [
    table.schema,
    table.name,
    at + 70_001,
    isView(context, table) ? 'VIEW' : 'TABLE',
    CREATED,
    CREATED,
    'VALID',
  ]);
}
const OBJECT_COLUMNS = [
  'OWNER',
  'OBJECT_NAME',
  'OBJECT_ID',
  'OBJECT_TYPE',
  'CREATED',
  'LAST_DDL_TIME',
  'STATUS',
];

/** Every grant on an object to an account, one row for each privilege. */
function grants({ accounts, database, options }: DictionaryContext): Rows {
  return accounts.flatMap((account) =>
    (account.objects ?? []).flatMap(({ object, privileges }) => {
      const [owner = '', name = ''] = object.split('.');
      const names =
        name === '*'
          ? [...database.tables.values()].filter(({ schema }) => schema === owner).map((table) => table.name)
          : [name];
      const type = owner === 'SYS' ? 'PACKAGE' : owner === options.owner ? 'VIEW' : 'TABLE';
      return names.flatMap((one) =>
        privileges.map((privilege) => [account.name, owner, one, owner, privilege, 'NO', 'NO', 'NO', type]),
      );
    }),
  );
}

function allGrants(context: DictionaryContext): Rows {
  const { name } = context.account;
  return grants(context)
    .filter(([grantee, owner]) => grantee === name || owner === name)
    .map(([grantee, owner, table, grantor, privilege, grantable, hierarchy, common, type]) => [
      grantor ?? null,
      grantee ?? null,
      owner ?? null,
      table ?? null,
      privilege ?? null,
      grantable ?? null,
      hierarchy ?? null,
      common ?? null,
      type ?? null,
    ]);
}

const NLS_DATABASE: Readonly<Record<string, string>> = {
  NLS_LANGUAGE: 'AMERICAN',
  NLS_TERRITORY: 'AMERICA',
  NLS_CURRENCY: '$',
  NLS_ISO_CURRENCY: 'AMERICA',
  NLS_NUMERIC_CHARACTERS: '.,',
  NLS_CALENDAR: 'GREGORIAN',
  NLS_DATE_FORMAT: 'DD-MON-RR',
  NLS_DATE_LANGUAGE: 'AMERICAN',
  NLS_SORT: 'BINARY',
  NLS_COMP: 'BINARY',
  NLS_TIMESTAMP_FORMAT: 'DD-MON-RR HH.MI.SSXFF AM',
  NLS_TIMESTAMP_TZ_FORMAT: 'DD-MON-RR HH.MI.SSXFF AM TZR',
  NLS_LENGTH_SEMANTICS: 'BYTE',
  NLS_NCHAR_CONV_EXCP: 'FALSE',
};

function databaseNls({ options }: DictionaryContext): Rows {
  const all = {
    ...NLS_DATABASE,
    NLS_CHARACTERSET: options.characterSet,
    NLS_NCHAR_CHARACTERSET: 'AL16UTF16',
    NLS_RDBMS_VERSION: '19.0.0.0.0',
    ...options.nls,
  };
  return Object.entries(all);
}

function sessionNls(context: DictionaryContext): Rows {
  return Object.entries({ ...NLS_DATABASE, ...context.options.nls, ...context.sessionNls });
}

function parameters({ options }: DictionaryContext): Rows {
  const all = {
    undo_retention: String(options.undoRetentionSeconds),
    undo_management: 'AUTO',
    compatible: '19.0.0',
    db_name: options.databaseName,
    ...options.parameters,
  };
  return Object.entries(all).map(([name, value]) => [name, value, value, 'FALSE']);
}

const VERSION = 'Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production';
const databaseRow = ({ database, options }: DictionaryContext): Rows => [
  [
    1_515_151_515,
    options.databaseName,
    database.scn,
    'READ WRITE',
    'ARCHIVELOG',
    'NO',
    CREATED,
    'PRIMARY',
    options.databaseName,
  ],
];

const VIEWS: Readonly<Record<string, Definition>> = {
  ALL_TAB_COLUMNS: { columns: TAB_COLUMNS, rows: tabColumns },
  ALL_TAB_COLS: { columns: TAB_COLUMNS, rows: tabColumns },
  USER_TAB_COLUMNS: { columns: TAB_COLUMNS.slice(1), rows: own(tabColumns) },
  ALL_OBJECTS: { columns: OBJECT_COLUMNS, rows: objects },
  USER_OBJECTS: { columns: OBJECT_COLUMNS.slice(1), rows: own(objects) },
  ALL_VIEWS: {
    columns: ['OWNER', 'VIEW_NAME', 'TEXT_LENGTH', 'READ_ONLY'],
    rows: (context) =>
      visibleTables(context)
        .filter((table) => isView(context, table))
        .map(({ schema, name }) => [schema, name, 100, 'N']),
  },
  ALL_TABLES: {
    columns: ['OWNER', 'TABLE_NAME', 'TABLESPACE_NAME', 'NUM_ROWS', 'LAST_ANALYZED'],
    rows: (context) =>
      visibleTables(context)
        .filter((table) => !isView(context, table))
        .map(({ schema, name }) => [schema, name, 'USERS', null, null]),
  },
  USER_TABLES: {
    columns: ['TABLE_NAME', 'TABLESPACE_NAME'],
    rows: (context) =>
      visibleTables(context)
        .filter((table) => table.schema === context.account.name && !isView(context, table))
        .map(({ name }) => [name, 'USERS']),
  },
  ALL_SYNONYMS: {
    columns: ['OWNER', 'SYNONYM_NAME', 'TABLE_OWNER', 'TABLE_NAME', 'DB_LINK'],
    rows: (context) =>
      context.options.synonyms
        ? visibleTables(context)
            .filter(({ schema }) => schema === context.options.owner && schema !== context.account.name)
            .map(({ schema, name }) => [context.account.name, name, schema, name, null])
        : [],
  },
  ALL_TAB_PRIVS: {
    columns: [
      'GRANTOR',
      'GRANTEE',
      'TABLE_SCHEMA',
      'TABLE_NAME',
      'PRIVILEGE',
      'GRANTABLE',
      'HIERARCHY',
      'COMMON',
      'TYPE',
    ],
    rows: allGrants,
  },
  USER_TAB_PRIVS: {
    columns: [
      'GRANTEE',
      'OWNER',
      'TABLE_NAME',
      'GRANTOR',
      'PRIVILEGE',
      'GRANTABLE',
      'HIERARCHY',
      'COMMON',
      'TYPE',
    ],
    rows: (context) =>
      grants(context).filter(
        ([grantee, owner]) => grantee === context.account.name || owner === context.account.name,
      ),
  },
  USER_TAB_PRIVS_RECD: {
    columns: ['OWNER', 'TABLE_NAME', 'GRANTOR', 'PRIVILEGE', 'GRANTABLE', 'HIERARCHY', 'COMMON', 'TYPE'],
    rows: (context) =>
      grants(context)
        .filter(([grantee]) => grantee === context.account.name)
        .map((row) => row.slice(1)),
  },
  SESSION_PRIVS: {
    columns: ['PRIVILEGE'],
    rows: ({ account }) => (account.systemPrivileges ?? []).map((privilege) => [privilege]),
  },
  SESSION_ROLES: { columns: ['ROLE'], rows: ({ account }) => (account.roles ?? []).map((role) => [role]) },
  USER_SYS_PRIVS: {
    columns: ['USERNAME', 'PRIVILEGE', 'ADMIN_OPTION', 'COMMON'],
    rows: ({ account }) =>
      (account.systemPrivileges ?? []).map((privilege) => [account.name, privilege, 'NO', 'NO']),
  },
  USER_ROLE_PRIVS: {
    columns: ['USERNAME', 'GRANTED_ROLE', 'ADMIN_OPTION', 'DEFAULT_ROLE'],
    rows: ({ account }) => (account.roles ?? []).map((role) => [account.name, role, 'NO', 'YES']),
  },
  USER_USERS: {
    columns: ['USERNAME', 'USER_ID', 'ACCOUNT_STATUS', 'CREATED'],
    rows: ({ account }) => [[account.name, 101, 'OPEN', CREATED]],
  },
  ALL_USERS: {
    columns: ['USERNAME', 'USER_ID', 'CREATED'],
    rows: ({ accounts }) => accounts.map(({ name }, at) => [name, 101 + at, CREATED]),
  },
  NLS_DATABASE_PARAMETERS: { columns: ['PARAMETER', 'VALUE'], rows: databaseNls },
  NLS_SESSION_PARAMETERS: { columns: ['PARAMETER', 'VALUE'], rows: sessionNls },
  NLS_INSTANCE_PARAMETERS: { columns: ['PARAMETER', 'VALUE'], rows: sessionNls },
  PRODUCT_COMPONENT_VERSION: {
    columns: ['PRODUCT', 'VERSION', 'VERSION_FULL', 'STATUS'],
    rows: () => [[VERSION, '19.0.0.0.0', '19.3.0.0.0', 'Production']],
  },
  V$VERSION: {
    columns: ['BANNER', 'BANNER_FULL', 'BANNER_LEGACY'],
    rows: () => [[VERSION, `${VERSION}\nVersion 19.3.0.0.0`, VERSION]],
  },
  V$DATABASE: {
    columns: [
      'DBID',
      'NAME',
      'CURRENT_SCN',
      'OPEN_MODE',
      'LOG_MODE',
      'FLASHBACK_ON',
      'CREATED',
      'DATABASE_ROLE',
      'DB_UNIQUE_NAME',
    ],
    guarded: 'V_$DATABASE',
    rows: databaseRow,
  },
  V$PARAMETER: {
    columns: ['NAME', 'VALUE', 'DISPLAY_VALUE', 'ISDEFAULT'],
    guarded: 'V_$PARAMETER',
    rows: parameters,
  },
  V$SYSTEM_PARAMETER: {
    columns: ['NAME', 'VALUE', 'DISPLAY_VALUE', 'ISDEFAULT'],
    guarded: 'V_$SYSTEM_PARAMETER',
    rows: parameters,
  },
  V$INSTANCE: {
    columns: ['INSTANCE_NAME', 'HOST_NAME', 'VERSION', 'STATUS'],
    guarded: 'V_$INSTANCE',
    rows: ({ options }) => [[options.instanceName, 'localhost', '19.0.0.0.0', 'OPEN']],
  },
  V$NLS_PARAMETERS: {
    columns: ['PARAMETER', 'VALUE'],
    rows: (context) => [...sessionNls(context), ['NLS_CHARACTERSET', context.options.characterSet]],
  },
};
