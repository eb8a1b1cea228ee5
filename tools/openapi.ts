import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeApiDocument } from '../src/operations.ts';

/** `npm run openapi`: writes openapi.json anew from the routes. */
const packageFile = new URL('../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
const target = fileURLToPath(new URL('../openapi.json', import.meta.url));
writeFileSync(target, `${JSON.stringify(makeApiDocument(version), null, 2)}\n`);
console.log(`wrote ${target}`);
