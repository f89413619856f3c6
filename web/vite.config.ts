import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Assets are found relative to `<base>`, and nothing is inlined: the CSP allows no data: images and no inline script. */
export default defineConfig(({ command }) => {
  // A test runner that builds the pages has set NODE_ENV to "test", which would ship React's development build.
  if (command === 'build') process.env.NODE_ENV = 'production'
  return {
    base: '',
    plugins: [react()],
    build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  }
})
