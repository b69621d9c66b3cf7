// Writes src/api/schema.d.ts from the OpenAPI document of the server, or fails with `--check` if it is stale.
//
// A test of the server keeps tests/api/openapi/agreed.json equal to what `stockroom openapi` prints, so no server is needed
// here. `OPENAPI=file` reads another document.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const source = process.env.OPENAPI ?? fileURLToPath(new URL('../../tests/api/openapi/agreed.json', import.meta.url));
const target = fileURLToPath(new URL('../src/api/schema.d.ts', import.meta.url));

const document = JSON.parse(await readFile(source, 'utf8'));
const types = astToString(await openapiTS(document, { defaultNonNullable: false, alphabetize: true }));
const text = `// Written by \`npm run types\` from the OpenAPI document. Do not edit.\n\n${types}`;

if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== text) {
    console.error('src/api/schema.d.ts is stale: run `npm run types`');
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
