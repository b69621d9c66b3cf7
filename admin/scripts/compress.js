// Compresses the files of dist by brotli and gzip. The server embeds these forms instead of the files.
//
// Files that hardly shrink, such as fonts, stay as they are. So does the page, because each response has another nonce.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);
const dist = fileURLToPath(new URL('../dist', import.meta.url));

const files = (await readdir(dist, { recursive: true, withFileTypes: true }))
  .filter(entry => entry.isFile() && entry.name !== 'index.html')
  .map(entry => join(entry.parentPath, entry.name));

const sizes = { plain: 0, br: 0, gz: 0 };
for (const file of files) {
  const plain = await readFile(file);
  const options = { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: plain.length, [zlib.constants.BROTLI_PARAM_QUALITY]: 11 };
  const [br, gz] = await Promise.all([brotli(plain, { params: options }), gzip(plain, { level: 9 })]);
  if (gz.length < plain.length * 0.9) {
    await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)]);
    sizes.plain += plain.length;
    sizes.br += br.length;
    sizes.gz += gz.length;
  }
}
const kilobytes = bytes => `${Math.ceil(bytes / 1024)} KB`;
console.log(`compressed ${kilobytes(sizes.plain)} to ${kilobytes(sizes.br)} (br) and ${kilobytes(sizes.gz)} (gzip)`);
