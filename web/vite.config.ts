import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Assets are found relative to `<base>`, and nothing is inlined: the CSP allows no data: images and no inline script. */
export default defineConfig({
  base: '',
  plugins: [react()],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
})
