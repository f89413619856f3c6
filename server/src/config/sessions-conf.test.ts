import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatDiagnostic } from './diagnostics.ts'
import { type LoadedConfiguration, loadConfiguration } from './load.ts'
import { readSessionsConf, type SessionsFile } from './sessions-conf.ts'

const UID = process.getuid?.() ?? 0
const CLIENTS = ['box-integration', 'custom-api']
  .map(
    (name) =>
      `[${name}]\nclient-id=a\nclient-secret=b\nauthorization-url=https://as.example/${name}\ntoken-url=https://as.example/t\nissuer=https://as.example`,
  )
  .join('\n')
const OWN = '[dash]\ncommand=/bin/sh run.sh {socket}\n'
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-kinds-'))
  write('benchkey.conf', 'public-url=https://bench.example\ntrusted-proxies=10.0.0.1\n')
  write('oauth-clients.conf', `${CLIENTS}\n`)
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(name: string, content: string, mode = 0o600): void {
  writeFileSync(join(directory, name), content)
  chmodSync(join(directory, name), mode)
}

const load = (): Promise<LoadedConfiguration> =>
  loadConfiguration({ configDir: directory, dataDir: join(directory, 'data'), uid: UID })

async function findings(text: string): Promise<string[]> {
  write('sessions.conf', text)
  const { diagnostics } = await load()
  return diagnostics.map((each) => `${each.severity} ${formatDiagnostic(each).replace(`${directory}/sessions.conf:`, '')}`)
}

/** On a host that has these programs and no others. */
async function kindsOn(programs: readonly string[], text = '') {
  const source: SessionsFile = {
    file: 'sessions.conf',
    bytes: Buffer.from(text),
    context: { configDir: '/etc/benchkey', allowsLoopback: false },
    integrations: [],
    host: { 'install-dir': '/opt/benchkey/ide', node: '/n/node', 'benchkey-dir': '/b' },
    findProgram: async (names) => names.find((name) => programs.includes(name)),
  }
  const { applications, findings: found } = await readSessionsConf(source)
  expect(found.inOrder().filter(({ severity }) => severity === 'error')).toEqual([])
  return applications
}

describe('the shipped kinds of session', () => {
  test('are all there without a file, without a finding, those found that are on the host', async () => {
    const kinds = await kindsOn(['jupyter-notebook', '/n/node'])
    expect(kinds.map(({ section, displayName, isFound, icon }) => [section, displayName, isFound, icon])).toEqual([
      ['vscode', 'VS Code', false, 'code'],
      ['jupyter', 'Jupyter', true, 'notebook'],
      ['terminal', 'Terminal', true, 'terminal'],
      ['rstudio', 'RStudio', false, 'r'],
      ['positron', 'Positron', false, 'positron'],
    ])
    expect((await load()).configuration?.applications).toHaveLength(5)
  })

  test('name programs of this host by their paths and leave the session’s facts to its start', async () => {
    const [vscode, jupyter, terminal] = await kindsOn(['/opt/benchkey/ide/vscode/bin/code-server', 'jupyter-lab', '/n/node'])
    expect(vscode?.command.slice(0, 3)).toEqual(['/opt/benchkey/ide/vscode/bin/code-server', '--socket', '{socket}'])
    expect(jupyter).toMatchObject({ displayName: 'JupyterLab', basePath: 'keep', readyPath: '/api' })
    expect(jupyter?.command).toContain('--ServerApp.sock={socket}')
    expect(terminal?.command).toEqual(['/n/node', '/b/terminal/main.ts', '{socket}'])
  })

  test('of Jupyter are JupyterLab where it is, else the notebook', async () => {
    const nameOn = async (...programs: string[]) =>
      (await kindsOn(programs)).find(({ section }) => section === 'jupyter')?.displayName
    expect(await nameOn('jupyter-lab', 'jupyter-notebook')).toBe('JupyterLab')
    expect(await nameOn('jupyter-notebook')).toBe('Jupyter')
  })
})

describe('sessions.conf', () => {
  test('changes single options of a shipped kind, and puts its sections first', async () => {
    const text = '[jupyter]\nname=Notebooks\nprogram=/conda/jupyter-lab\nready-seconds=90\n[terminal]\ndisabled=1\n'
    const kinds = await kindsOn(['/conda/jupyter-lab'], text)
    expect(kinds.map(({ section }) => section)).toEqual(['jupyter', 'vscode', 'rstudio', 'positron'])
    expect(kinds[0]).toMatchObject({ displayName: 'Notebooks', readySeconds: 90, basePath: 'keep', isFound: true })
    expect(kinds[0]?.command.slice(0, 3)).toEqual(['/bin/sh', '/b/applications/jupyter.sh', '/conda/jupyter-lab'])
  })

  test('reads every option', async () => {
    write('run.sh', '#!/bin/sh\n', 0o755)
    const options = [
      'name=A dashboard = mine',
      `program=no-such-program ${directory}/run.sh`,
      `command={program} --port {port} 'two words' "a \\" b" c\\ d '' --base={base-path} \${HOME} {}`,
      'listen=port',
      'secret-header=X-Dash: Bearer {secret}',
      'ready-path=/health?x=1',
      'ready-seconds=5',
      'base-path=keep',
      'environment=SECRET={secret} TITLE="Our dashboard" EMPTY= NODE={node}',
      'icon=r',
      'integrations=custom-api',
      'disabled=0',
    ]
    expect(await findings(`[dash]\n${options.join('\n')}\n`)).toEqual([])
    const { configuration } = await load()
    expect(configuration?.applications[0]).toEqual({
      section: 'dash',
      displayName: 'A dashboard = mine',
      icon: 'r',
      command: [
        join(directory, 'run.sh'),
        '--port',
        '{port}',
        'two words',
        'a " b',
        'c d',
        '',
        '--base={base-path}',
        '$'.concat('{HOME}'),
        '{}',
      ],
      listen: 'port',
      secretHeader: { name: 'X-Dash', value: 'Bearer {secret}' },
      readyPath: '/health?x=1',
      readySeconds: 5,
      basePath: 'keep',
      environment: { SECRET: '{secret}', TITLE: 'Our dashboard', EMPTY: '', NODE: process.execPath },
      limitedTo: [configuration?.integrations[1]?.uid],
      isFound: true,
    })
  })

  test('finds a program without a path in the usual places, and offers nobody one that is not there', async () => {
    expect(await findings('[a]\ncommand=sh {socket}\n[b]\ncommand=no-such-program {socket}\n')).toEqual([
      'warning 4: [b] command: names a program that is not on this host, so nobody is offered this kind.',
    ])
    const [a, b] = (await load()).configuration?.applications ?? []
    expect([a?.command[0], a?.isFound, b?.isFound]).toEqual(['/usr/bin/sh', true, false])
  })

  test('is part of the hash of all files', async () => {
    const before = (await load()).filesHash
    write('sessions.conf', '# nothing\n')
    expect((await load()).filesHash).not.toBe(before)
  })

  test('may be read by others, but not written, for its commands run as people’s own accounts', async () => {
    write('sessions.conf', OWN, 0o644)
    expect((await load()).diagnostics).toEqual([])
    write('sessions.conf', OWN, 0o664)
    expect((await load()).diagnostics.map(({ message }) => message)).toEqual([
      'This file can be changed by other accounts (mode 664); its mode must be 644 or less (chmod go-w).',
    ])
  })

  test('does not say a second time that oauth-clients.conf is wrong', async () => {
    write('oauth-clients.conf', '[box-integration]\n')
    const found = await findings(`${OWN}integrations=box-integration\n`)
    expect(found.filter((line) => line.includes('[dash]'))).toEqual([])
  })

  test('of a directory is told as a finding', async () => {
    mkdirSync(join(directory, 'sessions.conf'))
    expect((await load()).diagnostics.map(({ message }) => message)).toEqual(['This file is not a regular file.'])
  })
})

const RESERVED = 'which Benchkey sets itself; remove it.'
const KNOWN =
  'known are {socket}, {port}, {secret}, {base-path}, {id}, {name}, {runtime-dir}, {home}, {user}, {public-url}, {install-dir}, {node}, {benchkey-dir} and {program}.'

/** One line below a section that is right; it stands in line 3. */
const LINES: readonly (readonly [line: string, ...findings: string[]])[] = [
  ['commands=x', 'error 3: [dash] commands: is not a known option. Did you mean command?'],
  ['listen=tcp', 'error 3: [dash] listen: is not a known way to listen; write socket or port.'],
  [
    'listen=port',
    'error 2: [dash] command: does not tell the program where to listen; write {port}, or listen=socket.',
    'error 3: [dash] listen: lets every account of this host reach the program; write secret-header, or let it listen on a socket.',
  ],
  [
    'ready-path=health',
    'error 3: [dash] ready-path: is not a path; it starts with one slash and has no blanks and no #, as it stands in a request.',
  ],
  [
    'ready-path=//x',
    'error 3: [dash] ready-path: is not a path; it starts with one slash and has no blanks and no #, as it stands in a request.',
  ],
  ['ready-seconds=0', 'error 3: [dash] ready-seconds: is not a number of seconds from 1 to 600.'],
  ['base-path=off', 'error 3: [dash] base-path: is not a known base path style; write strip or keep.'],
  [
    'base-path=keep',
    'warning 3: [dash] base-path: is keep, and nothing tells the program its path; write {base-path} in command or environment if it asks for it.',
  ],
  ['icon=star', 'error 3: [dash] icon: is not a known icon; write code, notebook, terminal, r or positron.'],
  [
    'environment=A',
    'error 3: [dash] environment: is not a list of NAME=value; blanks separate them, quotes keep blanks together: A=1 B="two words".',
  ],
  ['environment=A=1 A=2', 'error 3: [dash] environment: names A twice; keep one of the two.'],
  ['environment=RS_SERVER_ADDRESS=x', `error 3: [dash] environment: names RS_SERVER_ADDRESS, ${RESERVED}`],
  ['environment=HOME=/x', `error 3: [dash] environment: names HOME, ${RESERVED}`],
  ['environment=A={passwd}', `error 3: [dash] environment: holds {passwd}, which stands for nothing here; ${KNOWN}`],
  ['environment=A={secret}', 'error 3: [dash] environment: holds {secret}, which nobody sends; write secret-header as well.'],
  ['environment=A="x', 'error 3: [dash] environment: has a " that is not closed; write it twice, or \\" for itself.'],
  [
    'secret-header=X-A {secret}',
    'error 3: [dash] secret-header: is not a header; write its name, a colon and its value, such as X-Secret: {secret}.',
  ],
  ['secret-header=Host: {secret}', 'error 3: [dash] secret-header: names Host, which has another use; take one of your own.'],
  ['secret-header=X-A: b', 'error 3: [dash] secret-header: has no {secret} in its value, so it would protect nothing.'],
  [
    'secret-header=X-A: {secret}{id}',
    'error 3: [dash] secret-header: holds {id}, which stands for nothing here; known are {secret}.',
  ],
  [
    'secret-header=X-A: {secret}',
    'error 3: [dash] secret-header: holds a secret that the program is not told; write {secret} in environment.',
  ],
  [
    'integrations=bok-integration',
    'error 3: [dash] integrations: names an integration that oauth-clients.conf does not have; did you mean box-integration?',
  ],
  ['disabled=yes', 'error 3: [dash] disabled: is neither 0 nor 1; write 1 for yes, 0 for no.'],
  [
    'program={home}/x',
    'error 3: [dash] program: holds {home}, which stands for nothing here; known are {install-dir}, {node} and {benchkey-dir}.',
  ],
  [
    'program=no-such-program',
    'warning 3: [dash] program: names a program that is not on this host, so nobody is offered this kind.',
  ],
  ['name=Terminal', 'warning 3: [dash] name: People see the same name for [terminal]; give one another.'],
]

/** A whole file. */
const FILES: readonly (readonly [file: string, ...findings: string[]])[] = [
  ['command=x\n', 'error 1: This option stands before the first [section] header; move it below the header it belongs to.'],
  ['[dash]\n', 'error 1: [dash] command: is missing; this section needs it.'],
  ['[jupiter]\n', 'error 1: [jupiter] command: is missing; this section needs it. Did you mean the shipped kind [jupyter]?'],
  [`${OWN}${OWN}`, 'error 3: [dash] This section stands twice; the first one is in line 1. Rename one, or merge them.'],
  [
    '[a b]\ncommand=sh {socket}\n',
    'error 1: [a b] A section header here is made of at most 64 letters, digits, ".", "_" and "-", such as [jupyter].',
  ],
  ['[dash]\ncommand=sh\n', 'error 2: [dash] command: does not tell the program where to listen; write {socket}, or listen=port.'],
  [
    '[dash]\ncommand=sh {socket} {secret}\n',
    'error 2: [dash] command: holds {secret}, and every account of the host can read a command line; hand it over in environment.',
  ],
  ['[dash]\ncommand=sh {sokcet}\n', `error 2: [dash] command: holds {sokcet}, which stands for nothing here; ${KNOWN}`],
  ["[dash]\ncommand=sh 'x\n", "error 2: [dash] command: has a ' that is not closed; write it twice, or \\' for itself."],
  ["[dash]\ncommand='' {socket}\n", 'error 2: [dash] command: names nothing; write at least one word.'],
  [`[dash]\ncommand=sh ${'x'.repeat(8192)}\n`, 'error 2: [dash] command: is longer than 8192 characters; put it in a script.'],
  [
    '[terminal]\nlisten=port\n',
    'error 1: [terminal] command: does not tell the program where to listen; write {port}, or listen=socket.',
    'error 2: [terminal] listen: lets every account of this host reach the program; write secret-header, or let it listen on a socket.',
  ],
]

describe('findings in sessions.conf', () => {
  test.each(LINES)('of the line %j', async (line, ...expected) => {
    expect(await findings(`${OWN}${line}\n`)).toEqual(expected)
  })

  test.each(FILES)('of the file %j', async (file, ...expected) => {
    expect(await findings(file)).toEqual(expected)
  })
})
