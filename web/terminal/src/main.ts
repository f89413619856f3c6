import type { TerminalMessage } from '@benchkey/sdk/pages'
import '@xterm/xterm/css/xterm.css'
import '../../src/styles/tokens.css'
import '../../src/styles/base.css'
import '../../src/styles/controls.css'
import '../../src/styles/dialogs.css'
import '../../src/styles/layout.css'
import './terminal.css'
import { Connection } from './connection.ts'
import { element, hideNotice, showNotice } from './page.ts'
import { Screen } from './screen.ts'
import { ShellMenu } from './shell-menu.ts'
import { writeStylesStrictly } from './strict-styles.ts'

/** A pasted text is sent in pieces that the server takes: it allows 128 KiB, and a letter may take twelve bytes in JSON. */
const PIECE_CHARACTERS = 8_192

writeStylesStrictly(document)

const connection: Connection = new Connection({
  message: hear,
  output: (bytes) => screen.draw(bytes),
  lost: (isLong) => {
    if (isLong) showNotice('This session does not answer.', 'Load the page again', () => location.reload())
    else showNotice('The connection was lost; it is opened again.')
  },
})

const screen = new Screen(element('terminal'), {
  typed: (text) => {
    for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
      connection.send({ type: 'input', text: text.slice(at, at + PIECE_CHARACTERS) })
    }
  },
  resized: (columns, rows) => connection.send({ type: 'size', columns, rows }),
  drawn: (bytes) => connection.send({ type: 'drawn', bytes }),
  left: () => menu.focus(),
})

const menu = new ShellMenu((shell) => {
  connection.send({ type: 'start', shell })
  screen.focus()
})

element<HTMLInputElement>('screen-reader').addEventListener('change', ({ currentTarget }) => {
  screen.readAloud((currentTarget as HTMLInputElement).checked)
  screen.focus()
})

screen.fit()
connection.open()

function hear(message: TerminalMessage): void {
  if (message.type === 'replay') screen.begin(message.bytes)
  else if (message.type === 'taken') {
    showNotice('This terminal is open in another window.', 'Use it here', () => {
      hideNotice()
      connection.open()
    })
  } else {
    connection.send({ type: 'size', ...screen.size })
    document.title = message.title
    element('title').textContent = message.title
    menu.show(message)
    if (message.isRunning) {
      hideNotice()
      screen.focus()
    } else
      showNotice('The shell ended. Start it again?', 'Start again', () =>
        connection.send({ type: 'start', shell: message.shell }),
      )
  }
}
