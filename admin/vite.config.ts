import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The server that `npm run dev` forwards API requests to. */
const server = process.env.DESK_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/admin/',
  plugins: [react()],
  server: {
    host: '127.0.0.1',
    port: Number(process.env.DESK_PORT ?? 5101),
    strictPort: true,
    // The browser sees one origin, so the cookie and `Sec-Fetch-Site: same-origin` are those of production.
    proxy: { '/api': { target: server, changeOrigin: true } },
  },
  build: {
    target: 'es2022',
    // Older targets compile `light-dark()` away, and the dark scheme with it.
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    // The notices that the licences of the packages ask for.
    license: { fileName: 'licenses.txt' },
  },
});
