// Takes pictures of pages, on a desktop and a phone, in both schemes, and prints what axe and the console say:
// `npm run pictures -- /account '/orders?status=pending'`. The pictures are in tests/pictures.
import { closeBrowser, openDesk } from './desk.js';

const paths = process.argv.slice(2);
let found = 0;

for (const path of paths.length > 0 ? paths : ['/']) {
  for (const device of ['desktop', 'phone']) {
    for (const scheme of ['light', 'dark']) {
      const desk = await openDesk({ device, scheme });
      const name = `${path.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'today'}-${device}-${scheme}`;
      await desk.visit(path, { restMs: 350 });
      await desk.picture(name);
      const problems = [...desk.problems, ...(await desk.violations())];
      await desk.checkWidth().catch((error) => problems.push(error.message));
      console.log(`${name}: ${problems.length === 0 ? 'fine' : `\n  ${problems.join('\n  ')}`}`);
      found += problems.length;
      await desk.close();
    }
  }
}

await closeBrowser();
process.exitCode = found > 0 ? 1 : 0;
