/**
 * Kysely's statements in Oracle's SQL, as every release from 12.1 takes it. Identifiers are quoted and stay as they are
 * written, so the names in our types are the names in the dictionary: upper case. What Oracle has no words for is
 * refused here, by name, instead of by the database with a position in a text that nobody wrote.
 */
import {
  type AliasNode,
  type CommonTableExpressionNode,
  DefaultQueryCompiler,
  type DeleteQueryNode,
  type FetchNode,
  FromNode,
  type InsertQueryNode,
  type JoinNode,
  type MatchedNode,
  type MergeQueryNode,
  type OffsetNode,
  type OperationNode,
  type OperatorNode,
  type PrimitiveValueListNode,
  RawNode,
  type ReturningNode,
  type SelectModifierNode,
  type SelectQueryNode,
  type SetOperationNode,
  type TableNode,
  type UpdateQueryNode,
  type ValueNode,
  type ValuesNode,
  type WhenNode,
  type WithNode,
} from 'kysely';
import { ArbdataError } from '../../../runtime/errors.ts';

/** An IN list of more is ORA-01795 in every release before 23ai. */
const MAX_LIST = 1000;

const DUAL = FromNode.create([RawNode.createWithSql('dual')]);

export interface OracleCompilerOptions {
  /** A system change number: every table of a FROM is read as of it. Digits, because it stands in the text. */
  readonly asOfScn?: string | undefined;
}

export class OracleQueryCompiler extends DefaultQueryCompiler {
  readonly #asOf: string;

  constructor({ asOfScn }: OracleCompilerOptions = {}) {
    super();
    if (asOfScn !== undefined && !/^[1-9]\d{0,19}$/.test(asOfScn)) {
      throw unsupported(`${JSON.stringify(asOfScn)} as a system change number`, 'pass its digits');
    }
    this.#asOf = asOfScn === undefined ? '' : ` as of scn ${asOfScn}`;
  }

  protected override visitSelectQuery(node: SelectQueryNode): void {
    refuse(node.distinctOn, 'DISTINCT ON', 'filter a ROW_NUMBER in an outer query');
    refuse(node.top, 'TOP', 'use limit()');
    refuse(node.explain, 'EXPLAIN', 'use EXPLAIN PLAN by hand');
    // Kysely writes a limit before the offset; the FETCH of Oracle's row limiting clause comes after it.
    const { limit, ...rest } = node;
    const fetch: FetchNode | undefined =
      limit === undefined
        ? node.fetch
        : { kind: 'FetchNode', rowCount: limit.limit as ValueNode, modifier: 'only' };
    super.visitSelectQuery({ ...rest, from: node.from ?? DUAL, ...(fetch === undefined ? {} : { fetch }) });
  }

  protected override visitOffset(node: OffsetNode): void {
    super.visitOffset(node);
    this.append(' rows');
  }

  protected override visitFetch(node: FetchNode): void {
    this.append('fetch first ');
    this.visitNode(node.rowCount);
    this.append(` rows ${node.modifier}`);
  }

  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (
      node.modifier === 'ForShare' ||
      node.modifier === 'ForKeyShare' ||
      node.modifier === 'ForNoKeyUpdate'
    ) {
      throw unsupported(`the modifier ${node.modifier}`, 'use forUpdate()');
    }
    super.visitSelectModifier(node);
  }

  /** `as` stands before the name of a column, and Oracle takes none before that of a table. */
  protected override visitAlias(node: AliasNode): void {
    this.visitNode(node.node);
    if (node.node.kind === 'TableNode') this.append(this.#asOf);
    this.append(this.parentNode?.kind === 'SelectionNode' ? ' as ' : ' ');
    this.visitNode(node.alias);
  }

  protected override visitTable(node: TableNode): void {
    super.visitTable(node);
    const parent = this.parentNode?.kind;
    if (parent === 'FromNode' || parent === 'JoinNode') this.append(this.#asOf);
  }

  protected override visitJoin(node: JoinNode): void {
    if (node.joinType === 'Using') this.#appendUsing(node);
    else super.visitJoin(node);
  }

  #appendUsing(node: JoinNode): void {
    this.append('using ');
    this.visitNode(node.table);
    this.append(' on (');
    if (node.on !== undefined) this.visitNode(node.on.on);
    this.append(')');
  }

  protected override visitWith(node: WithNode): void {
    super.visitWith(node.recursive === true ? { kind: node.kind, expressions: node.expressions } : node);
  }

  protected override visitCommonTableExpression(node: CommonTableExpressionNode): void {
    refuse(node.materialized, 'MATERIALIZED', 'leave it away');
    super.visitCommonTableExpression(node);
  }

  protected override visitSetOperation(node: SetOperationNode): void {
    super.visitSetOperation(node.operator === 'except' ? { ...node, operator: 'minus' as 'except' } : node);
  }

  /** Several rows are one INSERT ALL; a sequence or identity column gives all of them the same number. */
  protected override visitInsertQuery(node: InsertQueryNode): void {
    refuseIn(node, ['replace', 'onConflict', 'onDuplicateKey', 'orAction', 'top', 'output', 'explain']);
    refuse(node.onConflict ?? node.onDuplicateKey, 'ON CONFLICT', 'use mergeInto()');
    refuse(node.defaultValues, 'DEFAULT VALUES', 'name a column with DEFAULT');
    const { values } = node;
    const rows = values?.kind === 'ValuesNode' ? (values as ValuesNode).values : [];
    if (rows.length > 1) this.#appendInsertAll(node, rows);
    else super.visitInsertQuery(node);
  }

  #appendInsertAll(node: InsertQueryNode, rows: ValuesNode['values']): void {
    const { into, columns } = node;
    refuse(node.with, 'WITH before an INSERT of several rows', 'insert from a select');
    refuse(node.returning, 'RETURNING', 'read the rows afterwards');
    this.append('insert all');
    for (const row of rows) {
      this.append(' into ');
      if (into !== undefined) this.visitNode(into);
      if (columns !== undefined) {
        this.append(' (');
        this.compileList(columns);
        this.append(')');
      }
      this.append(' values ');
      this.visitNode(row);
    }
    this.append(' select 1 from dual');
  }

  protected override visitUpdateQuery(node: UpdateQueryNode): void {
    refuseIn(node, ['from', 'joins', 'orderBy', 'limit', 'top', 'output', 'explain', 'with']);
    super.visitUpdateQuery(node);
  }

  protected override visitDeleteQuery(node: DeleteQueryNode): void {
    refuseIn(node, ['using', 'joins', 'orderBy', 'limit', 'top', 'output', 'explain', 'with']);
    super.visitDeleteQuery(node);
  }

  protected override visitMergeQuery(node: MergeQueryNode): void {
    refuseIn(node, ['with', 'top', 'output', 'returning']);
    super.visitMergeQuery(node);
  }

  protected override visitWhen(node: WhenNode): void {
    if (this.parentNode?.kind === 'MergeQueryNode') {
      if (node.condition.kind !== 'MatchedNode') {
        throw unsupported('a condition in WHEN MATCHED', 'put it into the query of USING');
      }
      const isWrite = node.result?.kind === 'UpdateQueryNode' || node.result?.kind === 'InsertQueryNode';
      if (!isWrite) throw unsupported('a MERGE branch other than update and insert', 'leave the branch away');
    }
    super.visitWhen(node);
  }

  protected override visitMatched(node: MatchedNode): void {
    refuse(node.bySource, 'NOT MATCHED BY SOURCE', 'delete in a statement of its own');
    super.visitMatched(node);
  }

  protected override visitReturning(_: ReturningNode): void {
    throw unsupported('RETURNING without variables', 'read the rows afterwards');
  }

  protected override visitOperator(node: OperatorNode): void {
    if (FOREIGN_OPERATORS.has(node.operator))
      throw unsupported(`the operator ${node.operator}`, 'write it out');
    super.visitOperator(node);
  }

  protected override visitPrimitiveValueList(node: PrimitiveValueListNode): void {
    checkList(node.values.length);
    super.visitPrimitiveValueList(node);
  }

  protected override visitRaw(node: RawNode): void {
    if (node.sqlFragments.some((text) => text.includes(';'))) {
      throw unsupported('a semicolon in a statement', 'send one statement at a time');
    }
    super.visitRaw(node);
  }

  protected override appendValue(value: unknown): void {
    super.appendValue(bindable(value));
  }

  protected override appendImmediateValue(value: unknown): void {
    super.appendImmediateValue(bindable(value));
  }

  protected override getCurrentParameterPlaceholder(): string {
    return `:${this.numParameters}`;
  }

  /** Oracle has no quoting inside of a quoted name. */
  protected override sanitizeIdentifier(identifier: string): string {
    if (identifier === '' || /["\0]/.test(identifier)) {
      throw unsupported(`the name ${JSON.stringify(identifier)}`, 'rename it in a view');
    }
    return identifier;
  }
}

const FOREIGN_OPERATORS: ReadonlySet<string> = new Set([
  'ilike',
  'not ilike',
  '~',
  '~*',
  '!~',
  '!~*',
  '@>',
  '<@',
  '&&',
  '->',
  '->>',
  'is distinct from',
  'is not distinct from',
  'regexp',
  'match',
]);

function checkList(length: number): void {
  if (length === 0) throw unsupported('an empty list', 'do not send the statement at all');
  if (length > MAX_LIST)
    throw unsupported(`a list of ${length} values`, `send at most ${MAX_LIST} at a time`);
}

/** Oracle before 23ai has no boolean; a JavaScript Date would shift with the time zone; a float would round. */
function bindable(value: unknown): string | number | bigint | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw unsupported(`a value of the type ${typeof value}`, 'pass text, a number, a bigint or null');
}

function refuse(part: unknown, what: string, instead: string): void {
  if (part !== undefined && part !== false) throw unsupported(what, instead);
}

function refuseIn<N extends OperationNode>(node: N, parts: readonly (keyof N & string)[]): void {
  for (const part of parts) {
    const name = part.replaceAll(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase();
    refuse(node[part], `${name} in this statement`, 'write it otherwise');
  }
}

function unsupported(what: string, instead: string): ArbdataError {
  return new ArbdataError('E_INTERNAL', `Oracle's SQL does not have ${what}`, {
    advice: `In the code that builds the statement: ${instead}.`,
  });
}
