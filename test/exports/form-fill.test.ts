import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { FormError, fillForm, fillFormBytes } from '../../exports/form-fill.ts';
import { readZip } from '../../exports/zip.ts';
import { fakeDataset } from './fake-dataset.ts';
import { convert, HAS_LIBREOFFICE, partsOf, readRows, withTemporaryDir } from './support.ts';

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const DATASET = fakeDataset();
const value = (org: string, id: string, scope: 'month' | 'ytd' = 'month'): string =>
  DATASET.value(scope, org, id);

interface FormSpec {
  readonly rows: string;
  readonly shared?: string;
  readonly workbookTail?: string;
  readonly sheetTail?: string;
  readonly more?: Readonly<Record<string, Uint8Array>>;
}

/** A small .xlsx whose one sheet 表一 has these rows. */
function form({ rows, shared = '', workbookTail = '', sheetTail = '', more = {} }: FormSpec): Uint8Array {
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  const texts: Record<string, string> = {
    '[Content_Types].xml': `${head}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/form.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`,
    '_rels/.rels': `${head}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/_rels/workbook.xml.rels': `${head}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId7" Type="${OFFICE}/worksheet" Target="worksheets/form.xml"/><Relationship Id="rId8" Type="${OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>`,
    'xl/workbook.xml': `${head}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="表一" sheetId="1" r:id="rId7"/></sheets>${workbookTail}</workbook>`,
    'xl/sharedStrings.xml': `${head}<sst xmlns="${MAIN}">${shared}</sst>`,
    'xl/worksheets/form.xml': `${head}<worksheet xmlns="${MAIN}"><cols><col min="1" max="3" width="20"/></cols><sheetData>${rows}</sheetData>${sheetTail}</worksheet>`,
  };
  const entries = Object.entries(texts).map(([name, text]) => [name, strToU8(text)] as const);
  return zipSync({ ...Object.fromEntries(entries), ...more });
}

const inline = (address: string, text: string, attributes = ''): string =>
  `<c r="${address}"${attributes} t="inlineStr"><is><t>${text}</t></is></c>`;
const row = (...cells: string[]): string => `<row r="1">${cells.join('')}</row>`;
const sheetOf = (bytes: Uint8Array): string => partsOf(bytes).get('xl/worksheets/form.xml') ?? '';

describe('filling a form', () => {
  test('a cell that is only a placeholder becomes a number and keeps its style', () => {
    const { bytes, cells } = fillFormBytes(
      form({
        rows: row(
          inline('A1', '{{A02@110101}}', ' s="5"'),
          inline('B1', ' {{ A02@ALL:ytd }} '),
          inline('C1', '{{A08@110105:month}}'),
        ),
      }),
      DATASET,
    );
    expect(cells).toBe(3);
    expect(sheetOf(bytes)).toContain(
      `<c r="A1" s="5"><v>${value('110101', 'A02')}</v></c><c r="B1"><v>${value('ALL', 'A02', 'ytd')}</v></c>` +
        `<c r="C1"><v>${value('110105', 'A08')}</v></c>`,
    );
  });

  test('no value becomes —', () => {
    const { bytes } = fillFormBytes(form({ rows: row(inline('A1', '{{R01@110117}}', ' s="2"')) }), DATASET);
    expect(sheetOf(bytes)).toContain('<c r="A1" s="2" t="inlineStr"><is><t>—</t></is></c>');
  });

  test('texts with placeholders stay texts', () => {
    const text = '{{period}}受理{{A02@ALL}}件 &amp; 结案率{{R01@110117}}';
    const { bytes } = fillFormBytes(
      form({ rows: row(inline('A1', text), inline('B1', '{{period}}')) }),
      DATASET,
    );
    expect(sheetOf(bytes)).toContain(`<t>2026年10月受理${value('ALL', 'A02')}件 &amp; 结案率—</t>`);
    expect(sheetOf(bytes)).toContain('<c r="B1" t="inlineStr"><is><t>2026年10月</t></is></c>');
  });

  test('shared texts: numbers in the cells, texts where their fonts stand', () => {
    const shared =
      '<si><t>{{C01@110101}}</t></si>' +
      '<si><r><rPr><b/></rPr><t xml:space="preserve">期 {{pe</t></r><r><rPr><i/></rPr><t>riod}}，{{A02@</t></r>' +
      '<r><t>110101}}件</t></r><rPh sb="0" eb="1"><t>{{x}}</t></rPh></si>' +
      '<si><t>不变 &lt;</t></si>';
    const rows = row(
      '<c r="A1" s="3" t="s"><v>0</v></c>',
      '<c r="B1" t="s"><v>1</v></c>',
      '<c r="C1" t="s"><v>2</v></c>',
      '<c r="D1" t="str"><v>{{period}}!</v></c>',
    );
    const { bytes, cells } = fillFormBytes(form({ rows, shared }), DATASET);
    expect(cells).toBe(3);
    expect(sheetOf(bytes)).toContain(
      `<c r="A1" s="3"><v>${value('110101', 'C01')}</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c>` +
        '<c r="D1" t="str"><v>2026年10月!</v></c>',
    );
    expect(partsOf(bytes).get('xl/sharedStrings.xml')).toContain(
      '<si><r><rPr><b/></rPr><t xml:space="preserve">期 2026年10月</t></r><r><rPr><i/></rPr>' +
        `<t>，${value('110101', 'A02')}</t></r><r><t>件</t></r>` +
        '<rPh sb="0" eb="1"><t>{{x}}</t></rPh></si><si><t>不变 &lt;</t></si>',
    );
  });

  test('however a text is split over runs, it is filled the same', () => {
    const text = '本期{{A02@110101}}件，{{period}}累计{{A02@ALL:ytd}}件';
    const whole = `本期${value('110101', 'A02')}件，2026年10月累计${value('ALL', 'A02', 'ytd')}件`;
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 })), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const runs = edges.slice(1).map((end, index) => `<r><t>${text.slice(edges[index], end)}</t></r>`);
        const cell = `<c r="A1" t="inlineStr"><is>${runs.join('')}</is></c>`;
        const filled = sheetOf(fillFormBytes(form({ rows: row(cell) }), DATASET).bytes);
        const texts = Array.from(filled.matchAll(/<t(?: [^>]*)?>([^<]*)<\/t>/g), ([, each]) => each);
        expect(texts.join('')).toBe(whole);
        expect(texts).not.toContain('');
      }),
    );
  });

  test('what holds no placeholder keeps its bytes', () => {
    const more = {
      'xl/media/image1.png': new Uint8Array([0x89, 0x50, 0xff, 0x00, 0x7b, 0x7b]),
      'xl/vbaProject.bin': new Uint8Array(5000).map((_, index) => (index * 7919) % 251),
      'docProps/custom.xml': strToU8("\uFEFF<Properties  a = '1' ></Properties>\r\n"),
    };
    const original = form({ rows: row(inline('A1', '{{period}}'), inline('B1', '单位')), more });
    const { bytes } = fillFormBytes(original, DATASET);
    const before = new Map(readZip(original).map((entry) => [entry.name, entry]));
    const after = readZip(bytes);
    expect(after.map(({ name }) => name)).toEqual([...before.keys()]);
    const changed = after.filter((entry) => !before.get(entry.name)?.packed.equals(entry.packed));
    expect(changed.map(({ name }) => name).sort()).toEqual(['xl/workbook.xml', 'xl/worksheets/form.xml']);
    expect(sheetOf(bytes)).toBe(sheetOf(original).replace('{{period}}', '2026年10月'));
  });

  test('formulas lose their stale results and are computed on load', () => {
    const rows = row(
      inline('A1', '{{A02@110101}}'),
      '<c r="B1" s="1"><f>A1*2</f><v>99</v></c>',
      '<c r="C1" t="str"><f>A1&amp;"件"</f><v>旧</v></c>',
    );
    const filled = (workbookTail: string): ReadonlyMap<string, string> =>
      partsOf(fillFormBytes(form({ rows, workbookTail }), DATASET).bytes);
    expect(filled('').get('xl/worksheets/form.xml')).toContain(
      '<c r="B1" s="1"><f>A1*2</f></c><c r="C1"><f>A1&amp;"件"</f></c>',
    );
    expect(filled('').get('xl/workbook.xml')).toContain('</sheets><calcPr fullCalcOnLoad="1"/></workbook>');
    const names = '<definedNames><definedName name="x">表一!A1</definedName></definedNames>';
    expect(filled(names).get('xl/workbook.xml')).toContain('</definedNames><calcPr fullCalcOnLoad="1"/>');
    expect(filled('<calcPr calcId="1" fullCalcOnLoad="0"/>').get('xl/workbook.xml')).toContain(
      '<calcPr calcId="1" fullCalcOnLoad="1"/>',
    );
  });

  test('a namespace prefix is kept', () => {
    const plain = form({
      rows: row('<x:c r="A1" t="inlineStr"><x:is><x:t>{{A02@110101}}</x:t></x:is></x:c>'),
    });
    expect(sheetOf(fillFormBytes(plain, DATASET).bytes)).toContain(
      `<x:c r="A1"><x:v>${value('110101', 'A02')}</x:v></x:c>`,
    );
  });

  test('placeholders outside cells are reported, not filled', () => {
    const original = form({
      rows: row(inline('A1', '{{period}}')),
      sheetTail: '<headerFooter><oddHeader>{{period}}</oddHeader></headerFooter>',
    });
    expect(fillFormBytes(original, DATASET).unfilledParts).toEqual(['xl/worksheets/form.xml']);
  });

  test.skipIf(!HAS_LIBREOFFICE)('LibreOffice opens the filled form and computes it', async () => {
    await withTemporaryDir(async (dir) => {
      const [template, file] = [path.join(dir, 'form.xlsx'), path.join(dir, 'filled.xlsx')];
      const rows =
        row(inline('A1', '{{A02@110101}}'), inline('B1', '{{A02@110102}}')) +
        '<row r="2"><c r="A2"><f>A1+B1</f><v>99</v></c></row>';
      await writeFile(template, form({ rows }));
      expect(await fillForm(template, file, DATASET)).toEqual({ cells: 2, unfilledParts: [] });
      await convert([file], 'xlsx', path.join(dir, 'out'));
      const [first, second] = await readRows(path.join(dir, 'out/filled.xlsx'), 1);
      const [a, b] = [Number(value('110101', 'A02')), Number(value('110102', 'A02'))];
      expect([first?.get('A'), first?.get('B'), second?.get('A')]).toEqual([a, b, a + b]);
    });
  });
});

describe('a form that cannot be filled', () => {
  const fill = (bytes: Uint8Array) => () => fillFormBytes(bytes, DATASET);

  test('every unknown placeholder is named with its sheet and cell', () => {
    const rows = row(
      inline('A1', '{{X99@110101}}'),
      inline('B1', '本期{{A02@999999}}件'),
      inline('C1', '{{A02@110101:year}}'),
      inline('D1', '{{perod}}'),
      inline('E1', '{{A02@110101}'),
      '<c r="F1" t="str"><f>"{{period}}"</f><v>x</v></c>',
      inline('G1', '{{period}}'),
    );
    expect(fill(form({ rows }))).toThrow(
      'the form cannot be filled: ' +
        'sheet 表一, cell A1: {{X99@110101}}: there is no indicator X99; ' +
        'sheet 表一, cell B1: {{A02@999999}}: there is no body 999999; ' +
        'sheet 表一, cell C1: {{A02@110101:year}}: there is no scope year; ' +
        'sheet 表一, cell D1: {{perod}}: is not a placeholder; ' +
        'sheet 表一, cell E1: a placeholder that begins with {{ does not end with }}; ' +
        'sheet 表一, cell F1: a placeholder stands inside a formula',
    );
  });

  test.each([
    ['no placeholder', form({ rows: row(inline('A1', '单位')) }), 'holds no placeholder'],
    ['an .xls file', new Uint8Array([0xd0, 0xcf, 0x11, 0xe0]), '.xls file or has a password'],
    ['an empty file', new Uint8Array(0), 'not a readable .xlsx file'],
    ['another archive', zipSync({ 'a.txt': strToU8('a') }), 'not a workbook'],
  ])('%s', (_name, bytes, message) => {
    expect(fill(bytes)).toThrow(FormError);
    expect(fill(bytes)).toThrow(message);
  });

  test('a file cut off anywhere is an error of the form', () => {
    const bytes = form({ rows: row(inline('A1', '{{period}}')) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(fill(bytes.slice(0, length))).toThrow(FormError);
      }),
    );
  });

  test('a damaged byte is an error of the form or changes nothing that is read', () => {
    const bytes = form({ rows: row(inline('A1', '{{period}}')) });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        try {
          fillFormBytes(damaged, DATASET);
        } catch (error) {
          expect(error).toBeInstanceOf(FormError);
        }
      }),
    );
  });

  test('a part that unpacks to more than it says is refused', () => {
    const bytes = Buffer.from(form({ rows: row(inline('A1', '{{period}}')) + ' '.repeat(5_000_000) }));
    const at = bytes.lastIndexOf('xl/worksheets/form.xml') - 46;
    bytes.writeUInt32LE(1000, at + 24);
    expect(fill(bytes)).toThrow('xl/worksheets/form.xml is damaged');
    bytes.writeUInt32LE(0x7fffffff, at + 24);
    expect(fill(bytes)).toThrow('is larger than');
  });

  test('a form that is not there', async () => {
    await expect(fillForm('/nowhere/form.xlsx', '/nowhere/out.xlsx', DATASET)).rejects.toThrow(FormError);
  });
});
