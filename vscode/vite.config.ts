import { defineConfig } from 'vite'

/** One CommonJS file with the session client in it: what VS Code loads, and nothing has to be installed beside it. */
export default defineConfig({
  ssr: { noExternal: true },
  build: {
    ssr: 'src/extension.ts',
    target: 'node20',
    outDir: 'dist/extension',
    rolldownOptions: { external: ['vscode'], output: { format: 'cjs', entryFileNames: 'extension.cjs', codeSplitting: false } },
  },
})
