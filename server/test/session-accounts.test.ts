import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckoutCopy, copyCheckout } from '../testing/checkout-copy.ts'
import { type Finished, type Running, startProcess } from '../testing/command-line.ts'
import { openShell } from '../testing/session-shell.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { prepareServer, removeFiles, runAdmin, type ServerFiles, startServeProcess } from '../testing/start-server.ts'

const NAME = `bk-run-${process.pid}`
const isRoot = process.getuid?.() === 0

/** Only root can make an account and become it. */
describe.skipIf(!isRoot)('under root', () => {
  let copy: CheckoutCopy

  beforeAll(() => {
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', NAME])
    copy = copyCheckout()
  })

  afterAll(() => {
    copy.remove()
    execFileSync('userdel', ['--remove', NAME], { stdio: 'ignore' })
  })

  function run(files: ServerFiles, words: readonly string[], prefix: readonly string[] = []): Promise<Finished> {
    const whole = [...prefix, ...copy.executable, 'session', 'run', ...words]
    return startProcess(whole, { BENCHKEY_DATA_DIR: files.dataDir }, { cwd: '/' }).finished
  }

  describe('a session of a server for many', () => {
    let world: SessionWorld

    beforeAll(async () => {
      world = await startSessionWorld({ singleUser: false })
      for (const name of [NAME, 'root']) await world.addUser(name)
      await world.signIn('demo', NAME)
    })

    afterAll(async () => {
      expect(await world.close()).toBe(0)
    })

    const shellOf = (user: string) => openShell(world.files, { user, executable: copy.executable })

    it("runs as the user's own account, gets tokens there, and ends with its cookie", async () => {
      const shell = shellOf(NAME)
      const dir = '"$PWB_SESSION_RUNTIME_DIR"'
      const { stdout } = await shell.ask(`id -un; echo "$HOME"; stat -c '%U %a' ${dir} ${dir}/rpc_cookie ${dir}/ca-bundle.pem`)
      expect(stdout).toBe(`${NAME}\n/home/${NAME}\n${NAME} 700\n${NAME} 600\n${NAME} 600\n`)
      const api = `curl -sS -H @- ${world.provider.resourceUrl}`
      const reply = await shell.ask(`benchkey token demo --header | ${api}`)
      expect(reply).toMatchObject({ code: 0, stderr: '' })
      expect(JSON.parse(reply.stdout)).toMatchObject({ user: 'ada', client: 'demo' })
      expect(await shell.ask('curl -sS -o /dev/null -w "%{http_code}" "$RS_SERVER_ADDRESS/health/live"')).toMatchObject({
        stdout: '200',
        stderr: '',
      })
      const cookie = (await shell.ask(`cat ${dir}/rpc_cookie`)).stdout.trim()
      expect(await world.statusWith(cookie)).toBe(200)
      expect((await shell.exit(4)).code).toBe(4)
      expect(await world.statusWith(cookie)).toBe(401)
    })

    it("asks over the server's socket, which only root could exchange", async () => {
      const shell = shellOf(NAME)
      const found = await shell.ask('stat -c "%U %a" "$BENCHKEY_SERVER_SOCKET" "$(dirname "$BENCHKEY_SERVER_SOCKET")"')
      expect(found.stdout).toBe('root 666\nroot 755\n')
      const blind = 'REQUESTS_CA_BUNDLE=/nowhere CURL_CA_BUNDLE=/nowhere'
      expect(await shell.ask(`${blind} benchkey token demo`)).toMatchObject({ code: 0, stderr: '' })
      const without = await shell.ask(`BENCHKEY_SERVER_SOCKET= ${blind} benchkey token demo`)
      expect(without).toMatchObject({ code: 1, stdout: '' })
      expect((await shell.ask('rm -f "$BENCHKEY_SERVER_SOCKET"')).code).toBe(1)
      await shell.exit()
    })

    it("reads nothing of the server's: files, socket, environment, the command line that started it", async () => {
      const { dataDir, configDir } = world.files
      const shell = shellOf(NAME)
      const secrets = [`${dataDir}/key-ring`, `${configDir}/oauth-clients.conf`, `/proc/${world.serve.child.pid}/environ`]
      for (const path of [...secrets, `/proc/${shell.child.pid}/environ`]) {
        expect(await shell.ask(`cat '${path}'`)).toEqual({ code: 1, stdout: '', stderr: `cat: ${path}: Permission denied\n` })
      }
      expect((await shell.ask(`curl -sS --unix-socket '${dataDir}/admin.sock' http://localhost/users`)).code).not.toBe(0)
      expect((await shell.ask(`kill -0 ${shell.child.pid}`)).stderr).toContain('Operation not permitted')
      await shell.exit()
    })

    it('ends within seconds when the command line of root is killed, and its directory with it', async () => {
      const shell = shellOf(NAME)
      const cookie = (await shell.ask('cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie"')).stdout.trim()
      const directory = (await shell.ask('echo "$PWB_SESSION_RUNTIME_DIR"')).stdout.trim()
      shell.child.kill('SIGKILL')
      await expect.poll(() => world.statusWith(cookie)).toBe(401)
      await expect.poll(() => existsSync(directory)).toBe(false)
      shell.child.stdin?.end()
      await shell.finished
    })

    it('without a process lies in a directory of that account, made by nobody else', async () => {
      const words = [...copy.executable, 'session', 'env', '--user', NAME, '--json']
      const environment = { BENCHKEY_DATA_DIR: world.files.dataDir, AWS_SECRET_ACCESS_KEY: 'of-root' }
      const { code, stdout, stderr } = await startProcess(words, environment, { cwd: '/' }).finished
      expect(code, stderr).toBe(0)
      const variables = JSON.parse(stdout) as Record<string, string>
      const directory = variables.PWB_SESSION_RUNTIME_DIR ?? ''
      const owners = ['stat', '-c', '%U %a', directory, `${directory}/rpc_cookie`, `${directory}/ca-bundle.pem`]
      expect((await startProcess(owners).finished).stdout).toBe(`${NAME} 700\n${NAME} 600\n${NAME} 600\n`)
      const asAccount = ['setpriv', `--reuid=${NAME}`, `--regid=${NAME}`, '--init-groups', '--inh-caps=-all', '--']
      const token = await startProcess([...asAccount, ...copy.executable, 'token', 'demo'], variables, { cwd: '/' }).finished
      expect(token).toMatchObject({ code: 0, stderr: '' })
      const id = variables.RS_SESSION_URL?.split('/')[2] ?? ''
      expect((await runAdmin(world.files, ['session', 'end', id])).code).toBe(0)
      expect(
        (await startProcess([...asAccount, ...copy.executable, 'token', 'demo'], variables, { cwd: '/' }).finished).code,
      ).toBe(1)
      rmSync(directory, { recursive: true })
    })

    it('that an administrator ends takes its command along', async () => {
      const shell = shellOf(NAME)
      const id = (await shell.ask('echo "$RS_SESSION_URL"')).stdout.split('/')[2] ?? ''
      expect((await runAdmin(world.files, ['session', 'end', id])).code).toBe(0)
      expect((await shell.finished).code).toBe(143)
    })

    it.each([
      ['of a user without a Unix account', ['--user', 'demo'], 'There is no Unix account "demo" on this host, and'],
      ['of root', ['--user', 'root'], 'The Unix account "root" is root'],
      ['of nobody in particular', [], 'Name the user the session is for, with --user.'],
      ['of an unknown user', ['--user', 'nobody'], 'There is no user "nobody".'],
    ])('%s is refused in one sentence, and nothing runs', async (_whose, words, sentence) => {
      const { code, stdout, stderr } = await run(world.files, [...words, '--', 'echo', 'ran'])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(`benchkey: ${sentence}`)
      expect(JSON.parse((await runAdmin(world.files, ['session', 'list', '--json'])).stdout)).toEqual([])
    })

    it('of a locked user is refused, and running ones get no more tokens', async () => {
      const shell = shellOf(NAME)
      expect((await shell.ask('benchkey token demo')).code).toBe(0)
      await runAdmin(world.files, ['user', 'lock', NAME])
      expect(await shell.ask('benchkey token demo')).toMatchObject({ code: 1, stdout: '' })
      expect(await run(world.files, ['--user', NAME, '--', 'echo', 'ran'])).toMatchObject({ code: 1, stdout: '' })
      await runAdmin(world.files, ['user', 'unlock', NAME])
      expect((await shell.ask('benchkey token demo')).code).toBe(0)
      await shell.exit()
    })
  })

  describe('a server without the right to switch accounts', () => {
    let files: ServerFiles
    let serve: Running
    const asAccount = ['setpriv', `--reuid=${NAME}`, `--regid=${NAME}`, '--init-groups', '--inh-caps=-all', '--']

    const start = async (): Promise<void> => {
      execFileSync('chown', ['-R', `${NAME}:`, files.dir])
      serve = await startServeProcess(files, [...asAccount, ...copy.executable])
    }

    const stop = async (): Promise<void> => {
      serve.child.kill('SIGTERM')
      expect((await serve.finished).code).toBe(0)
    }

    beforeAll(async () => {
      files = await prepareServer({ singleUser: false })
      await start()
      await runAdmin(files, ['user', 'add', NAME, '--password-stdin'], 'correct horse battery staple\n')
    })

    afterAll(async () => {
      await stop()
      removeFiles(files)
    })

    it('starts no sessions, and says so', async () => {
      for (const prefix of [[], asAccount]) {
        expect(await run(files, ['--user', NAME, '--', 'echo', 'ran'], prefix)).toEqual({
          code: 1,
          stdout: '',
          stderr:
            'benchkey: This server does not run as root, so it cannot start sessions as their users. Run it as root, or set single-user=1.\n',
        })
      }
    })

    it('starts them as its own account under single-user=1, whether root or that account asks', async () => {
      await stop()
      const conf = join(files.configDir, 'benchkey.conf')
      writeFileSync(conf, `${readFileSync(conf, 'utf8')}single-user=1\n`, { mode: 0o600 })
      await start()
      for (const prefix of [[], asAccount]) {
        const { code, stdout, stderr } = await run(files, ['--', 'sh', '-c', 'id -un; benchkey integrations'], prefix)
        expect({ code, stdout }).toEqual({ code: 0, stdout: `${NAME}\n` })
        expect(stderr).toMatch(/^benchkey: There are no integrations yet\./)
      }
    })
  })
})
