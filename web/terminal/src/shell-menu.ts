import type { TerminalMessage } from '@benchkey/sdk/pages'
import { element } from './page.ts'

type State = Extract<TerminalMessage, { type: 'state' }>

/** The menu of shells; choosing another one while one runs asks first, naming what is lost. */
export class ShellMenu {
  readonly #select = element<HTMLSelectElement>('shell')
  readonly #dialog = element<HTMLDialogElement>('change')
  readonly #chosen: (shell: string) => void
  #state: State | undefined

  constructor(chosen: (shell: string) => void) {
    this.#chosen = chosen
    this.#select.addEventListener('change', () => this.#choose(this.#select.value))
    this.#dialog.addEventListener('close', () => this.#answer(this.#dialog.returnValue === 'change'))
  }

  show(state: State): void {
    this.#state = state
    this.#select.replaceChildren(...state.shells.map(({ id, label }) => new Option(label, id)))
    this.#select.value = state.shell
  }

  focus(): void {
    this.#select.focus()
  }

  #choose(id: string): void {
    if (!this.#state?.isRunning) {
      this.#chosen(id)
      return
    }
    const [now, next] = [this.#labelOf(this.#state.shell), this.#labelOf(id)]
    element('change-title').textContent = `Start ${next}?`
    element('change-text').textContent = `${now} ends, with all that runs in it.`
    element('change-button').textContent = `Start ${next}`
    element('keep-button').textContent = `Keep ${now}`
    this.#dialog.returnValue = 'keep'
    this.#dialog.showModal()
  }

  #answer(isChanged: boolean): void {
    if (isChanged) this.#chosen(this.#select.value)
    else this.#select.value = this.#state?.shell ?? ''
  }

  #labelOf(id: string): string {
    return this.#state?.shells.find((shell) => shell.id === id)?.label ?? 'the shell'
  }
}
