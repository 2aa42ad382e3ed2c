/** The description of the API: valid OpenAPI 3.1, and of every route. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../app/console/openapi.ts';
import { ROUTES } from '../../app/console/routes/index.ts';

test('the description is valid OpenAPI 3.1', async () => {
  const document = JSON.parse(JSON.stringify(openApiDocument(ROUTES))) as Record<string, unknown>;
  const validator = new Validator();
  const { valid, errors } = await validator.validate(document);
  expect(errors ?? []).toEqual([]);
  expect([valid, validator.version]).toEqual([true, '3.1']);
});

test('the description has every route, with an id of its own and who may use it', () => {
  const { paths } = openApiDocument(ROUTES) as {
    paths: Record<string, Record<string, { operationId: string; security: object[] }>>;
  };
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  expect(operations).toHaveLength(ROUTES.length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ROUTES.length);
  expect(operations.filter(({ security }) => security.length === 0)).toHaveLength(
    ROUTES.filter(({ roles }) => roles === 'public').length,
  );
});
