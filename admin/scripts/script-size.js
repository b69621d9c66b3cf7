// How much script a page loads, compressed with brotli: `node scripts/script-size.js OrdersPage [limit in KB]` prints it, and
// fails above the limit. It adds up the chunks of dist/ that the first page load needs: the entry, the page, and what both
// import.
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** The bytes of each chunk that the page of this component needs, such as `OrdersPage`. */
export async function chunksOf(name) {
  const html = await readFile(`${dist}index.html`, 'utf8');
  const files = await readdir(`${dist}assets`);
  const entries = [...html.matchAll(/\/admin\/assets\/([\w.-]+\.js)/g)].map((match) => match[1]);
  const page = files.find((file) => file.startsWith(`${name}-`) && file.endsWith('.js'));
  if (!page) throw new Error(`dist/ has no chunk of ${name}`);
  const sizes = new Map();
  for (const file of [...entries, page]) await add(file, sizes);
  return sizes;
}

async function add(file, sizes) {
  if (sizes.has(file)) return;
  const text = await readFile(`${dist}assets/${file}`);
  sizes.set(file, brotliCompressSync(text).length);
  for (const match of text.toString().matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) await add(match[1], sizes);
}

export const totalOf = (sizes) => [...sizes.values()].reduce((sum, size) => sum + size, 0);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, limit = Infinity] = process.argv.slice(2);
  const sizes = await chunksOf(name);
  const total = totalOf(sizes);
  for (const [file, size] of [...sizes].sort((a, b) => b[1] - a[1])) console.log(`${(size / 1024).toFixed(1).padStart(7)} KB  ${file}`);
  console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  ${name} in all`);
  if (total > Number(limit) * 1024) process.exitCode = 1;
}
