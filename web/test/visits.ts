import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { FixtureServer, type Script } from './fixture-server.ts'

interface VisitOptions {
  readonly basePath?: string
  readonly context?: BrowserContextOptions
}

/** The visits of a file's tests, one a test: a browser for all, and for each a server and a page that have to end without complaints. */
export class Visits {
  #browser: Browser | undefined
  #server: FixtureServer | undefined
  #watched: WatchedPage | undefined

  /** Registers what is done before and after the tests. */
  constructor() {
    beforeAll(async () => {
      this.#browser = await launchBrowser()
    })
    afterEach(async () => {
      expect(this.watched.complaints).toEqual([])
      await this.watched.context.close()
      await this.server.stop()
    })
    afterAll(() => this.#browser?.close())
  }

  get server(): FixtureServer {
    if (!this.#server) throw new Error('nothing was visited yet')
    return this.#server
  }

  get watched(): WatchedPage {
    if (!this.#watched) throw new Error('nothing was visited yet')
    return this.#watched
  }

  /** Opens a page of a server that plays the script, below a base path and in a browser of its own kind if they are given. */
  async open(path: string, script: Partial<Script>, { basePath, context }: VisitOptions = {}): Promise<Page> {
    if (!this.#browser) throw new Error('the browser is not there yet')
    this.#server = await FixtureServer.start(script, basePath)
    this.#watched = await openPage(this.#browser, context)
    await this.#watched.page.goto(this.#server.url(path))
    return this.#watched.page
  }
}
