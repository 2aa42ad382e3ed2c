/** The XSD of a platform's XML, made from its layout: the same elements, codes and limits stand in both. */
import type { CodesFile } from '../schemas/definitions.ts';
import { type Platform, type PlatformField, platformCodes } from '../schemas/submission.ts';

/** A hash of a number is longer than the number. */
const HASH_LENGTH = 64;

/**
 * The schema of the files of records.
 * @throws RangeError where the platform takes no XML
 */
export function batchXsd(platform: Platform, codes: CodesFile): string {
  const { format, elements, ops, fields, parties, claims, version, title } = platform;
  if (format.kind !== 'xml') throw new RangeError(`${platform.product} ${version} takes no XML`);
  const field = (one: PlatformField): string[] => fieldLines(one, codes);
  const list = (group: typeof parties | typeof claims): string[] =>
    group === undefined
      ? []
      : [
          `<xs:element name="${group.element}"${group.minItems === 0 ? ' minOccurs="0"' : ''}>`,
          ...indent([
            '<xs:complexType>',
            '  <xs:sequence>',
            `    <xs:element name="${group.item}" minOccurs="${Math.max(1, group.minItems)}" maxOccurs="unbounded">`,
            ...indent(
              [
                '<xs:complexType>',
                '  <xs:sequence>',
                ...indent(group.fields.flatMap(field), 2),
                '  </xs:sequence>',
                '</xs:complexType>',
              ],
              3,
            ),
            '    </xs:element>',
            '  </xs:sequence>',
            '</xs:complexType>',
          ]),
          '</xs:element>',
        ];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="${escaped(format.namespace)}"`,
    `    xmlns="${escaped(format.namespace)}" elementFormDefault="qualified" version="${version}">`,
    `  <xs:annotation><xs:documentation xml:lang="zh">${escaped(title)} ${version}</xs:documentation></xs:annotation>`,
    `  <xs:element name="${format.root}">`,
    '    <xs:complexType>',
    '      <xs:sequence>',
    `        <xs:element ref="${format.record}" maxOccurs="unbounded"/>`,
    '      </xs:sequence>',
    '      <xs:attribute name="batch" type="xs:string" use="required"/>',
    '      <xs:attribute name="policy" use="required">',
    ...indent(enumeration(['masked', 'plain']), 4),
    '      </xs:attribute>',
    '    </xs:complexType>',
    '  </xs:element>',
    `  <xs:element name="${format.record}">`,
    '    <xs:complexType>',
    '      <xs:sequence>',
    `        <xs:element name="${elements.recordId}" type="xs:string"/>`,
    `        <xs:element name="${elements.op}">`,
    ...indent(enumeration(Object.values(ops)), 5),
    '        </xs:element>',
    '        <!-- A deletion says nothing more. -->',
    '        <xs:sequence minOccurs="0">',
    ...indent([...fields.flatMap(field), ...list(parties), ...list(claims)], 5),
    '        </xs:sequence>',
    '      </xs:sequence>',
    '    </xs:complexType>',
    '  </xs:element>',
    '</xs:schema>',
    '',
  ];
  return lines.join('\n');
}

function fieldLines(field: PlatformField, codes: CodesFile): string[] {
  const optional = field.required && field.when === undefined ? '' : ' minOccurs="0"';
  const name = `name="${field.element}"`;
  switch (field.type) {
    case 'date':
      // Without a time zone, which xs:date alone would allow.
      return element(
        name,
        optional,
        restriction('xs:date', ['<xs:pattern value="[0-9]{4}-[0-9]{2}-[0-9]{2}"/>']),
      );
    case 'year':
      return element(name, optional, restriction('xs:string', ['<xs:pattern value="[0-9]{4}"/>']));
    case 'money':
      return element(
        name,
        optional,
        restriction('xs:decimal', ['<xs:pattern value="-?[0-9]+\\.[0-9]{2}"/>']),
      );
    case 'integer':
      return element(
        name,
        optional,
        restriction('xs:integer', [
          `<xs:minInclusive value="${field.min}"/>`,
          `<xs:maxInclusive value="${field.max}"/>`,
        ]),
      );
    case 'code':
      return element(
        name,
        optional,
        enumeration([...new Set(platformCodes(field, codes).map(([, theirs]) => theirs))]),
      );
    default: {
      const longest =
        field.personal === 'identity' ? Math.max(field.maxLength, HASH_LENGTH) : field.maxLength;
      return element(
        name,
        optional,
        restriction('xs:string', [
          '<xs:minLength value="1"/>',
          `<xs:maxLength value="${longest}"/>`,
          ...(field.pattern === undefined ? [] : [`<xs:pattern value="${escaped(field.pattern)}"/>`]),
        ]),
      );
    }
  }
}

function element(name: string, optional: string, type: readonly string[]): string[] {
  return [`<xs:element ${name}${optional}>`, ...indent(type), '</xs:element>'];
}

function enumeration(values: readonly string[]): string[] {
  return restriction(
    'xs:string',
    values.map((value) => `<xs:enumeration value="${escaped(value)}"/>`),
  );
}

function restriction(base: string, facets: readonly string[]): string[] {
  return [
    '<xs:simpleType>',
    `  <xs:restriction base="${base}">`,
    ...indent(facets, 2),
    '  </xs:restriction>',
    '</xs:simpleType>',
  ];
}

function indent(lines: readonly string[], levels = 1): string[] {
  return lines.map((line) => `${'  '.repeat(levels)}${line}`);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
