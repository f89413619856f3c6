import { defineConfig } from 'vite'

/** The page of a terminal session: relative addresses, for it lies below the session's own path, and nothing inlined. */
export default defineConfig(({ command }) => {
  // A test runner that builds the pages has set NODE_ENV to "test".
  if (command === 'build') process.env.NODE_ENV = 'production'
  return {
    root: import.meta.dirname,
    base: './',
    // The server puts a nonce of its own into each answer in the place of this word.
    html: { cspNonce: 'BENCHKEY_NONCE' },
    build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  }
})
