// Builds the assets that the server embeds: `npm install && npm run build`, once per change of this folder.
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { writeFileSync } from 'node:fs';

// The interface uses the reader's own fonts: embedding the bundled ones would triple the page.
const withoutFonts = {
  name: 'without-fonts',
  setup(context) {
    context.onLoad({ filter: /graphiql.*\.css$/ }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises');
      const text = await readFile(path, 'utf8');
      return { contents: text.replace(/@font-face\s*\{[^}]*\}/g, ''), loader: 'css' };
    });
  },
};

const result = await build({
  entryPoints: { graphiql: 'main.jsx' },
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  alias: { 'framer-motion': './tabs.jsx', entities: './entities.js' },
  plugins: [withoutFonts],
  outdir: 'out',
});

for (const file of result.outputFiles) {
  const name = file.path.split('/').pop();
  const packed = gzipSync(file.contents, { level: 9 });
  writeFileSync(new URL(`../../src/http/graphiql/${name}.gz`, import.meta.url), packed);
  console.log(`${name}: ${file.contents.length} bytes, ${packed.length} compressed`);
}
