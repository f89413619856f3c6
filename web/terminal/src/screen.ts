import { FitAddon } from '@xterm/addon-fit'
import { type ITheme, Terminal } from '@xterm/xterm'

/** What a person does at the screen. */
export interface ScreenEvents {
  typed(text: string): void
  resized(columns: number, rows: number): void
  drawn(bytes: number): void
  /** Wants the keyboard back from the terminal. */
  left(): void
}

/** How many lines can be scrolled back. */
const SCROLLBACK_LINES = 10_000

/** The terminal on the page: draws what a shell prints, takes what is typed. */
export class Screen {
  readonly #terminal: Terminal
  readonly #fit = new FitAddon()
  /** Bytes of a replay that are still to be drawn; meanwhile the terminal answers nothing. */
  #replay = 0

  constructor(place: HTMLElement, events: ScreenEvents) {
    this.#terminal = new Terminal({
      ...{ scrollback: SCROLLBACK_LINES, cursorBlink: false, fontSize: 14, fontFamily: token('--mono'), theme: themeNow() },
      // Programs choose colours for dark grounds: on a light one they would vanish.
      minimumContrastRatio: 4.5,
    })
    this.#terminal.loadAddon(this.#fit)
    this.#terminal.open(place)
    this.#terminal.attachCustomKeyEventHandler((event) => this.#key(event, events))
    this.#terminal.onData((text) => {
      if (this.#replay === 0) events.typed(text)
    })
    this.#terminal.onResize(({ cols, rows }) => events.resized(cols, rows))
    this.#drawn = (bytes) => events.drawn(bytes)
    new ResizeObserver(() => this.fit()).observe(place)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#terminal.options.theme = themeNow()
    })
  }

  readonly #drawn: (bytes: number) => void

  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows }
  }

  draw(bytes: Uint8Array): void {
    this.#terminal.write(bytes, () => {
      this.#replay = Math.max(0, this.#replay - bytes.length)
      this.#drawn(bytes.length)
    })
  }

  /** Clears all; the next so many bytes were printed before, so what they ask is not answered again. */
  begin(replay: number): void {
    this.#terminal.reset()
    this.#replay = replay
  }

  fit(): void {
    this.#fit.fit()
  }

  focus(): void {
    this.#terminal.focus()
  }

  readAloud(isOn: boolean): void {
    this.#terminal.options.screenReaderMode = isOn
  }

  /** False for keys that the page keeps for itself. */
  #key(event: KeyboardEvent, events: ScreenEvents): boolean {
    if (event.type !== 'keydown') return true
    if (event.key === 'Escape' && event.shiftKey) {
      event.preventDefault()
      events.left()
      return false
    }
    // Ctrl+C alone interrupts; with Shift it copies, as in other terminals. Shift+Ctrl+V is the browser's own.
    if (event.ctrlKey && event.shiftKey && event.key === 'C') {
      event.preventDefault()
      if (this.#terminal.hasSelection()) void navigator.clipboard.writeText(this.#terminal.getSelection())
      return false
    }
    return !(event.ctrlKey && event.shiftKey && event.key === 'V')
  }
}

function themeNow(): ITheme {
  return {
    background: token('--panel'),
    foreground: token('--text'),
    cursor: token('--accent'),
    cursorAccent: token('--panel'),
    selectionBackground: token('--selection'),
  }
}

/** A value of tokens.css, as it is now. */
function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}
