import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatDiagnostic } from './diagnostics.ts'
import { type LoadedConfiguration, loadConfiguration } from './load.ts'

const UID = process.getuid?.() ?? 0
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-golden-'))
  write('benchkey.conf', SERVER)
})
afterEach(() => rmSync(directory, { recursive: true }))

const SERVER = 'public-url=https://bench.example\ntrusted-proxies=10.0.0.1\n'
const SECTION = [
  '[a]',
  'client-id=id',
  'client-secret=s3cr3t',
  'authorization-url=https://as.example/authorize',
  'token-url=https://as.example/token',
  '',
].join('\n')

function write(name: string, content: string | Uint8Array, mode = 0o600): void {
  const path = join(directory, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
}

const load = (uid = UID): Promise<LoadedConfiguration> =>
  loadConfiguration({
    configDir: directory,
    dataDir: join(directory, 'data'),
    uid,
    credentialsDirectory: join(directory, 'credentials'),
  })

/** The findings as people read them, without the directory. */
async function findings(uid = UID): Promise<string[]> {
  const { diagnostics, configuration } = await load(uid)
  const hasError = diagnostics.some(({ severity }) => severity === 'error')
  expect(configuration === undefined).toBe(hasError)
  return diagnostics.map((each) => `${each.severity} ${formatDiagnostic(each).replaceAll(`${directory}/`, '')}`)
}

async function clientFindings(text: string | Uint8Array): Promise<string[]> {
  write('oauth-clients.conf', text)
  return (await findings()).map((line) => line.replace('oauth-clients.conf:', ''))
}

/** One line added to a section that is right; it stands in line 6. */
const CLIENT_LINES: readonly (readonly [line: string, finding: string])[] = [
  ['scope=read', 'error 6: [a] scope: is not a known option. Did you mean scopes?'],
  ['Client_ID=x', 'error 6: [a] Client_ID: is not a known option. Did you mean client-id?'],
  ['auth-url=https://x.example', 'error 6: [a] auth-url: is not a known option. Did you mean authorization-url?'],
  [
    'Zm9vYmFyYmF6cXV4=x',
    'error 6: [a] This option is not known (its name is not repeated: it may be part of a secret). The nearest known one is revocation-scope.',
  ],
  ['client-id=other', 'error 6: [a] client-id: is written twice; it first stands in line 2. Keep one of the two.'],
  ['scopes=', 'error 6: [a] scopes: has no value; write one after the = or remove the line.'],
  [
    'scopes="read write"',
    'warning 6: [a] scopes: holds a quote, a backslash or a letter that no scope has; write the names alone, with blanks or commas between them.',
  ],
  [
    'scopes=läsen',
    'warning 6: [a] scopes: holds a quote, a backslash or a letter that no scope has; write the names alone, with blanks or commas between them.',
  ],
  ['name="Box"', 'warning 6: [a] name: stands in quotes, which are part of the value here; remove them, unless they are meant.'],
  [
    "client-secret-next='n3xt'",
    'warning 6: [a] client-secret-next: stands in quotes, which are part of the value here; remove them, unless they are meant.',
  ],
  ['scopes=,', 'error 6: [a] scopes: names no scope; write at least one or remove the line.'],
  ['name=a\tb', 'error 6: [a] name: holds a tab; write a blank instead.'],
  ['name=a\u0007b', 'error 6: [a] This line holds a control character; type the line anew.'],
  ['name=a\0b', 'error 6: [a] This line holds a control character; type the line anew.'],
  ['name=a\rclient-id=b', 'error 6: [a] This line holds a control character; type the line anew.'],
  ['# \u001b[2J', 'error 6: [a] This line holds a control character; type the line anew.'],
  [
    'wrapped+secret/',
    'error 6: [a] This line is neither a [section] header, nor option=value, nor a comment that starts with # or ;. Write the whole value in one line.',
  ],
  [
    'token-endpoint-auth-method=basic',
    'error 6: [a] token-endpoint-auth-method: is not a known method; write client-secret-post, client-secret-basic, client-secret-basic-raw or none.',
  ],
  ['redirect-uri=https://x', 'error 6: [a] redirect-uri: is not a known redirect URI; write fixed or per-integration.'],
  ['pkce=plain', 'error 6: [a] pkce: is not a known PKCE method; write S256 or none.'],
  ['scope-separator=;', 'error 6: [a] scope-separator: is not a known separator; write space, comma or plus.'],
  ['revocation-scope=all', 'error 6: [a] revocation-scope: is not a known revocation scope; write grant or token.'],
  [
    'refresh-reuse=grace:0',
    'error 6: [a] refresh-reuse: is not a known way; write unknown, strict or grace:N with N seconds from 1 to 2592000.',
  ],
  ['expires-in-default=1h', 'error 6: [a] expires-in-default: is not a whole number of seconds from 1 to 315360000.'],
  ['min-ttl=90000', 'error 6: [a] min-ttl: is not a whole number of seconds from 1 to 86400.'],
  ['dead-refresh-errors=,', 'error 6: [a] dead-refresh-errors: names no error code; write at least one or remove the line.'],
  ['guid=1234', 'error 6: [a] guid: is not a GUID; write 32 hexadecimal digits as 8-4-4-4-12.'],
  ['revocation-url=http://as.example/r', 'error 6: [a] revocation-url: is an http URL; write https.'],
  [
    'revocation-url=as.example/r',
    'error 6: [a] revocation-url: is not a whole URL; write one that starts with https:// and a host.',
  ],
  [
    'revocation-url=https://as.example:99999/r',
    'error 6: [a] revocation-url: is not a URL that can be read; check host and port.',
  ],
  ['revocation-url=https://as.example/r#f', 'error 6: [a] revocation-url: holds a fragment (#…); remove it.'],
  [
    'revocation-url=https://u:p@as.example/r',
    'error 6: [a] revocation-url: holds a user name or password before the host; remove it.',
  ],
  [
    'revocation-url=https://{tenant}.example/r',
    'error 6: [a] revocation-url: holds a blank, quote, backslash or another character no URL has; percent-encode it.',
  ],
  [
    'revocation-url=https://127.0.0.1/r',
    'error 6: [a] revocation-url: points at this machine itself (loopback), which only insecure-loopback-providers=1 in benchkey.conf allows.',
  ],
  [
    'revocation-url=https://169.254.169.254/r',
    'error 6: [a] revocation-url: names an address no provider has (link-local, metadata, multicast or unspecified); write the host name of the provider.',
  ],
  [
    'revocation-url=https://as.example/r?a=1&a=2',
    'error 6: [a] revocation-url: names a query parameter twice; keep one of the two.',
  ],
  [
    'revocation-url=https://as.example/r?client_secret=x',
    'error 6: [a] revocation-url: names client_secret in its query, which Benchkey sets itself; remove it from the URL.',
  ],
  ['issuer=https://as.example?x=1', 'error 6: [a] issuer: holds a query; an issuer is a URL without one.'],
  [
    'authorization-params=a b=1',
    'error 6: [a] authorization-params: holds a blank, # or ?; write name=value&name=value and percent-encode what is special.',
  ],
  [
    'authorization-params=a=%zz',
    'error 6: [a] authorization-params: holds a % that encodes nothing; write %25 for the sign itself.',
  ],
  ['authorization-params=prompt', 'error 6: [a] authorization-params: is not a query string; write name=value&name=value.'],
  ['authorization-params=a=%0a', 'error 6: [a] authorization-params: holds an encoded control character; remove it.'],
  ['authorization-params=state=1', 'error 6: [a] authorization-params: may not name state, which Benchkey sets itself.'],
  // As servers take them whose parameters have no case, or whose language has no such names.
  ['authorization-params=STATE=1', 'error 6: [a] authorization-params: may not name state, which Benchkey sets itself.'],
  [
    'authorization-params=redirect.uri=x',
    'error 6: [a] authorization-params: may not name redirect_uri, which Benchkey sets itself.',
  ],
  ['authorization-params=+code[]=x', 'error 6: [a] authorization-params: may not name code, which Benchkey sets itself.'],
  ['refresh-params=Refresh_Token=x', 'error 6: [a] refresh-params: may not name refresh_token, which Benchkey sets itself.'],
  // RFC 9101: what stands in a request object goes before all parameters.
  ['authorization-params=request=x.y.z', 'error 6: [a] authorization-params: may not name request, which Benchkey sets itself.'],
  [
    'authorization-params=request_uri=https://x.example',
    'error 6: [a] authorization-params: may not name request_uri, which Benchkey sets itself.',
  ],
  [
    'authorization-params=Scope=a',
    'error 6: [a] authorization-params: may not name scope; write the scopes in the option scopes.',
  ],
  [
    'token-params=Client_Assertion=x',
    'error 6: [a] token-params: may not name client_assertion; token-endpoint-auth-method says how the client shows itself.',
  ],
  [
    'authorization-params=code_challenge_method=plain',
    'error 6: [a] authorization-params: may not name code_challenge_method, which Benchkey sets itself.',
  ],
  [
    'authorization-params=scope=a',
    'error 6: [a] authorization-params: may not name scope; write the scopes in the option scopes.',
  ],
  ['authorization-params=a=1&a=2', 'error 6: [a] authorization-params: names a parameter twice; keep one of the two.'],
  ['token-params=code=1&x=2', 'error 6: [a] token-params: may not name code, which Benchkey sets itself.'],
  ['refresh-params=refresh_token=1', 'error 6: [a] refresh-params: may not name refresh_token, which Benchkey sets itself.'],
  [
    'token-params=client_assertion=x',
    'error 6: [a] token-params: may not name client_assertion; token-endpoint-auth-method says how the client shows itself.',
  ],
  ['refresh-params=scope', 'error 6: [a] refresh-params: is not a query string; write name=value&name=value.'],
  ['token-body=xml', 'error 6: [a] token-body: is not a known body; write form or json.'],
  ['refresh-url=http://as.example/r', 'error 6: [a] refresh-url: is an http URL; write https.'],
  [
    'refresh-url=https://as.example/token',
    'warning 6: [a] refresh-url: is the same as token-url and changes nothing; remove the line.',
  ],
  [
    'refresh-url=https://other.example/token',
    'warning 6: [a] refresh-url: lies at another host than token-url, so refresh tokens and the client secret travel there; make sure that the service says so.',
  ],
  ['resource=https://a.example/#x', 'error 6: [a] resource: holds a fragment (#…); remove it.'],
  [
    'resource=my api',
    'error 6: [a] resource: is not an absolute URI such as https://api.example.com/; the option audience takes other names.',
  ],
  ['resource=urn:a urn:b urn:a', 'error 6: [a] resource: names a resource twice; keep one of the two.'],
  ['audience=a\tb', 'error 6: [a] audience: holds a tab; write a blank instead.'],
  ['access-token-path=data/token', 'error 6: [a] access-token-path: is not a JSON pointer; write /member or /outer/inner.'],
  [
    'refresh-token-path=/a~2',
    'error 6: [a] refresh-token-path: holds a ~ that stands for nothing; write ~0 for the sign itself, ~1 for a slash.',
  ],
  ['scope-path=/a//b', 'error 6: [a] scope-path: is a JSON pointer with an empty name; write /member or /outer/inner.'],
  [
    'expires-at-path=/1/2/3/4/5/6/7/8/9',
    'error 6: [a] expires-at-path: leads through more than 8 members; no token reply is so deep.',
  ],
  [
    'expires-in-path=/expires_in',
    'warning 6: [a] expires-in-path: is where Benchkey looks anyway, so it changes nothing; remove the line.',
  ],
  ['enabled=yes', 'error 6: [a] enabled: is neither 0 nor 1; write 1 for yes, 0 for no.'],
  ['documentation-url=http://wiki.example/', 'error 6: [a] documentation-url: is an http URL; write https.'],
  [
    'documentation-url=javascript:alert(1)',
    'error 6: [a] documentation-url: is not a whole URL; write one that starts with https:// and a host.',
  ],
  ['icon=icons/none.png', 'error 6: [a] icon: names a file that does not exist.'],
  ['icon=secrets/x', 'error 6: [a] icon: names a file that is no PNG, WebP or SVG picture.'],
  ['icon=secrets', 'error 6: [a] icon: names a file that is not a regular file.'],
  ['git-hosts=,', 'error 6: [a] git-hosts: names no host; write at least one or remove the line.'],
  [
    'git-hosts=git.example https://b.example',
    'error 6: [a] git-hosts: holds a scheme in place 2; write host or host:port alone, https is meant.',
  ],
  [
    'git-hosts=git.example/team',
    'error 6: [a] git-hosts: holds a path in place 1; write host or host:port alone, the token is for all of that host.',
  ],
  ['git-hosts=ada@git.example', 'error 6: [a] git-hosts: holds a user name in place 1; write host or host:port alone.'],
  [
    'git-hosts=*.git.example',
    'error 6: [a] git-hosts: holds a wildcard in place 1; write out each host that is to get the token.',
  ],
  ['git-hosts=git.example:443', 'error 6: [a] git-hosts: names port 443 in place 1, which https has anyway; leave it out.'],
  ['git-hosts=git.example:0', 'error 6: [a] git-hosts: names no port in place 1; write one from 1 to 65535.'],
  ['git-hosts=git.example:65536', 'error 6: [a] git-hosts: names no port in place 1; write one from 1 to 65535.'],
  ...['git..example', '-git.example', 'git.example.', 'gít.example', '[::g]', '::1', '%67it.example'].map(
    (host): readonly [string, string] => [
      `git-hosts=${host}`,
      'error 6: [a] git-hosts: names no host in place 1; write such as git.corp.example or git.corp.example:8443.',
    ],
  ),
  ['git-hosts=git.example, GIT.example', 'error 6: [a] git-hosts: names a host twice; keep one of the two.'],
  ['previous-names=a', 'error 6: [a] previous-names: names this very section; remove the name.'],
  ['previous-names=x,,y', 'error 6: [a] previous-names: holds a name no section header can have; write old, older.'],
  ['previous-names=x, x', 'error 6: [a] previous-names: names a section twice; keep one of the two.'],
  [
    'validate-url=api.example/me',
    'error 6: [a] validate-url: is not a whole URL; write one that starts with https:// and a host.',
  ],
  ['keep-token-fields=,', 'error 6: [a] keep-token-fields: names no field; write at least one or remove the line.'],
  [
    'keep-token-fields=instance_url refresh_token',
    'error 6: [a] keep-token-fields: may not name refresh_token, for a session never gets secrets beside its token.',
  ],
  [
    'account-path=/refresh_token',
    'error 6: [a] account-path: may not name refresh_token, for what stands there is shown to people.',
  ],
  [
    'scope-path=/authed_user/access_token',
    'error 6: [a] scope-path: may not name access_token, for what stands there is shown to people.',
  ],
  [
    'keep-token-fields=/authed_user/access_token',
    'error 6: [a] keep-token-fields: may not name access_token, for a session never gets secrets beside its token.',
  ],
  [
    'keep-token-fields=a/b',
    'error 6: [a] keep-token-fields: holds a name that is too long or has odd characters; letters, digits and _ . : @ - are fine.',
  ],
  ['keep-token-fields=a.b /a/b', 'error 6: [a] keep-token-fields: gives two fields the name a.b; keep one of them.'],
  [
    'keep-token-fields=/a~',
    'error 6: [a] keep-token-fields: holds a ~ that stands for nothing; write ~0 for the sign itself, ~1 for a slash.',
  ],
  [
    'keep-token-fields=__proto__',
    'error 6: [a] keep-token-fields: holds a name that is too long or has odd characters; letters, digits and _ . : @ - are fine.',
  ],
  [
    `keep-callback-fields=${Array.from({ length: 21 }, (_, n) => `f${n}`).join(',')}`,
    'error 6: [a] keep-callback-fields: names more than 20 fields.',
  ],
  [
    'keep-callback-fields=realmId,code',
    'error 6: [a] keep-callback-fields: may not name code, for a session never gets secrets beside its token.',
  ],
  ['keep-callback-fields=iss', 'error 6: [a] keep-callback-fields: may not name iss, which Benchkey reads itself.'],
  ['expires-in-unit=minutes', 'error 6: [a] expires-in-unit: is not a known unit; write seconds or milliseconds.'],
  ['refresh-before=0', 'error 6: [a] refresh-before: is not a whole number of seconds from 1 to 86400.'],
  [
    'token-endpoint-auth-method=none',
    'error 3: [a] client-secret: stands beside token-endpoint-auth-method=none, a client without a secret; keep one of the two.',
  ],
  ['client-secret-file=secrets/x', 'error 6: [a] client-secret: stands beside client-secret-file; keep exactly one of the two.'],
  ['account-url=http://api.example/me', 'error 6: [a] account-url: is an http URL; write https.'],
  ['account-path=login', 'error 6: [a] account-path: is not a JSON pointer; write /member or /outer/inner.'],
  ['choose-account-params=prompt', 'error 6: [a] choose-account-params: is not a query string; write name=value&name=value.'],
  ['choose-account-params=state=1', 'error 6: [a] choose-account-params: may not name state, which Benchkey sets itself.'],
  [
    'client-secret-next=s3cr3t',
    'warning 6: [a] client-secret-next: is the same as the client secret and changes nothing; remove the line.',
  ],
  [
    'client-secret-next=your-next-box-client-secret',
    'warning 6: [a] client-secret-next: is the sample of the documentation; write the secret that the service gave you.',
  ],
  ['client-secret-next-file=secrets/none', 'error 6: [a] client-secret-next-file: names a file that does not exist.'],
  ...['1 March 2027', '2027-3-1', '2027-02-30', '2027-03-01T00:00:00Z', '01.03.2027', '1999-12-31'].map(
    (day): readonly [string, string] => [
      `client-secret-expires=${day}`,
      'error 6: [a] client-secret-expires: is not a day of the calendar; write YYYY-MM-DD, such as 2027-03-01.',
    ],
  ),
  [
    'client-secret-expires=2020-01-01',
    'warning 6: [a] client-secret-expires: says that the client secret ended on 2020-01-01; get a new one from the service, write it as client-secret-next, and this day anew once it is the client-secret.',
  ],
]

describe('a finding in a section of oauth-clients.conf', () => {
  test.each(CLIENT_LINES)('%j is told as it should be', async (line, finding) => {
    mkdirSync(join(directory, 'secrets'))
    write('secrets/x', 'other')
    expect(await clientFindings(`${SECTION}${line}\n`)).toEqual([finding])
  })

  test('is told for bytes that are not UTF-8, in a comment as a warning', async () => {
    const bytes = Buffer.concat([Buffer.from(`${SECTION}name=`), Buffer.from([0xe4]), Buffer.from('\n# '), Buffer.from([0xe4])])
    expect(await clientFindings(bytes)).toEqual([
      'error 6: [a] This line is not UTF-8 text; save the file as UTF-8.',
      'warning 7: [a] The comment in this line is not UTF-8 text; save the file as UTF-8.',
    ])
  })

  test('is told for every required option at once', async () => {
    expect(await clientFindings('[a]\nname=A\n')).toEqual([
      'error 1: [a] client-id: is missing; this section needs it.',
      'error 1: [a] authorization-url: is missing; this section needs it.',
      'error 1: [a] token-url: is missing; this section needs it.',
      'error 1: [a] client-secret: is missing; write it, or client-secret-file.',
    ])
  })

  test('is told for options without a section and for headers without a name', async () => {
    expect(await clientFindings(`name=x\n${SECTION.replace('[a]', '[..]')}`)).toEqual([
      'error 1: This option stands before the first [section] header; move it below the header it belongs to.',
      'error 2: [..] A section header needs a name that can stand in a URL, such as [box-integration].',
    ])
  })

  test('is told for a parameter that the URL has already', async () => {
    const text = SECTION.replace('/authorize', '/authorize?audience=x')
    expect(await clientFindings(`${text}authorization-params=prompt=consent&audience=y\n`)).toEqual([
      'error 6: [a] authorization-params: names a parameter that the query of authorization-url has already; keep one of the two.',
    ])
  })

  /** Lines that are each right; together they stand in lines 2 and on. */
  const TOGETHER: readonly (readonly [lines: readonly string[], finding: string])[] = [
    [
      ['token-endpoint-auth-method=none', 'pkce=none'],
      'error 3: [a] pkce: leaves a client without a secret (token-endpoint-auth-method=none) with nothing that protects its sign-ins; remove the line.',
    ],
    [
      ['token-endpoint-auth-method=none', 'client-secret-file=secrets/x'],
      'error 3: [a] client-secret-file: stands beside token-endpoint-auth-method=none, a client without a secret; keep one of the two.',
    ],
    [
      ['token-endpoint-auth-method=client-secret-basic-raw', 'client-secret=x', 'client-id=a:b'],
      'error 4: [a] client-id: holds a colon, which client-secret-basic-raw takes for the end of it (RFC 7617); use client-secret-basic.',
    ],
    [
      ['client-secret=x', 'token-url=https://as.example/token?x=1', 'token-params=x=2'],
      'error 4: [a] token-params: names a parameter that the query of token-url has already; keep one of the two.',
    ],
    [
      ['client-secret=x', 'refresh-url=https://as.example/again?x=1', 'refresh-params=x=2'],
      'error 4: [a] refresh-params: names a parameter that the query of refresh-url has already; keep one of the two.',
    ],
    [
      ['client-secret=x', 'audience=a', 'authorization-params=audience=b'],
      'error 4: [a] authorization-params: names audience, which the option audience sends already; keep one of the two.',
    ],
    [
      ['client-secret=x', 'resource=urn:a', 'token-url=https://as.example/token?resource=urn:b'],
      'error 4: [a] token-url: names resource in its query, which the option resource sends already; keep one of the two.',
    ],
    [
      ['client-secret=x', 'expires-at-path=/a', 'expires-in-path=/b'],
      'error 4: [a] expires-in-path: stands beside expires-at-path; a token reply tells a life or an instant, keep the one it tells.',
    ],
    [
      ['client-secret=x', 'access-token-path=/a/b', 'refresh-token-path=/a/b'],
      'error 4: [a] refresh-token-path: names the same place as access-token-path; one of the two is wrong.',
    ],
    [
      ['client-secret=x', 'refresh-token-path=/access_token'],
      'error 3: [a] refresh-token-path: names the place where access-token-path looks by itself; one of the two is wrong.',
    ],
    [
      ['client-secret=x', 'access-token-path=/data/scope'],
      'error 3: [a] access-token-path: names the place where scope-path looks by itself; one of the two is wrong.',
    ],
    [
      ['client-secret=x', 'access-token-path=/data/at', 'keep-token-fields=site /data/at'],
      'error 4: [a] keep-token-fields: names what access-token-path names, and a session never gets secrets beside its token; remove it.',
    ],
    [
      ['client-secret=x', 'keep-token-fields=site', 'keep-callback-fields=realmId site'],
      'error 4: [a] keep-callback-fields: names site, which keep-token-fields names too; under extra there is room for one of them.',
    ],
    [
      ['client-secret=x', 'access-token-path=/a/b', 'scope-path=/a/scope'],
      'warning 4: [a] scope-path: is where Benchkey looks anyway, so it changes nothing; remove the line.',
    ],
    [
      ['client-secret=x', 'client-secret-next-file=secrets/x', 'client-secret-next=y'],
      'error 4: [a] client-secret-next: stands beside client-secret-next-file; keep exactly one of the two.',
    ],
    [
      ['token-endpoint-auth-method=none', 'client-secret-next=y'],
      'error 3: [a] client-secret-next: stands beside token-endpoint-auth-method=none, a client without a secret; remove the line.',
    ],
    [
      ['client-secret=x', 'client-secret-next=y', 'client-secret-expires=2020-01-01'],
      'warning 4: [a] client-secret-expires: says that the client secret ended on 2020-01-01; make the one in client-secret-next the client-secret, and write its day here.',
    ],
    [
      ['client-secret=x', 'refresh-before=30', 'min-ttl=60'],
      'error 4: [a] min-ttl: asks for a longer life than refresh-before leaves a token; lower min-ttl or raise refresh-before.',
    ],
  ]

  test.each(TOGETHER)('is told for %j in one section', async (lines, finding) => {
    mkdirSync(join(directory, 'secrets'))
    write('secrets/x', 'other')
    const usual = ['client-id=id', 'authorization-url=https://as.example/authorize', 'token-url=https://as.example/token']
    const missing = usual.filter((line) => !lines.some((other) => other.split('=')[0] === line.split('=')[0]))
    expect(await clientFindings(['[a]', ...lines, ...missing, ''].join('\n'))).toEqual([finding])
  })

  test('is told for a header that cannot stand in a redirect URI', async () => {
    expect(await clientFindings(`${SECTION.replace('[a]', '[a b]')}redirect-uri=per-integration\n`)).toEqual([
      'error 6: [a b] redirect-uri: puts the section header into the redirect URI, so the header may hold letters, digits, ".", "_", "~" and "-" only.',
    ])
  })

  test('names a control character in a header by its number', async () => {
    expect(await clientFindings(SECTION.replace('[a]', '[a\u001b]'))).toEqual([
      'error 1: [a\\u001b] This line holds a control character; type the line anew.',
    ])
  })
})

/** UUIDv5 of `benchkey:b` in the URL name space. */
const DERIVED_FROM_B = '66a1c1a3-619b-53db-87ad-5732a0301b24'

describe('a finding between sections of oauth-clients.conf', () => {
  const OTHER = SECTION.replace('[a]', '[b]')

  test('is told for a doubled section, with the place of the first', async () => {
    expect(await clientFindings(`${SECTION}\n${SECTION}`)).toEqual([
      'error 7: [a] This section stands twice; the first one is in line 1. Rename one, or merge them.',
    ])
  })

  test('is told for a doubled GUID in any case of letters', async () => {
    const guid = '5b1f2a34-6c7d-4e8f-9a0b-1c2d3e4f5a6b'
    const text = `${SECTION}issuer=https://as.example\nguid=${guid}\n${OTHER}guid=${guid.toUpperCase()}\n`
    expect(await clientFindings(text)).toEqual([
      'error 13: [b] guid: is also the GUID of [a], written in line 7; every integration needs its own.',
    ])
  })

  test('is told for a GUID that is another section’s derived one, wherever it stands', async () => {
    const text = `${SECTION}issuer=https://as.example\nguid=${DERIVED_FROM_B}\n${OTHER}`
    expect(await clientFindings(text)).toEqual([
      'error 7: [a] guid: is also the GUID of [b], derived from its header in line 8; every integration needs its own.',
    ])
  })

  test('a host leads to one integration only', async () => {
    const first = `${SECTION}issuer=https://as.example\ngit-hosts=git.example, git.example:8443\n`
    expect(await clientFindings(`${first}${OTHER}git-hosts=other.example, GIT.example\n`)).toEqual([
      'error 13: [b] git-hosts: names git.example, which [a] names in line 7 too; Git can get one token for it only.',
    ])
  })

  test('is told for a former name that another section has, or had', async () => {
    const first = `${SECTION}issuer=https://as.example\nprevious-names=old, b\n`
    expect(await clientFindings(`${first}${OTHER}previous-names=older, old\n`)).toEqual([
      'error 7: [a] previous-names: names [b], which this file has in line 8; a name can lead to one integration only.',
      'error 13: [b] previous-names: names old, which [a] names in line 7 too; keep one of the two.',
    ])
  })

  test('is told for a GUID that another section has from its first former name', async () => {
    const text = `${SECTION}issuer=https://as.example\nprevious-names=b\n${OTHER.replace('[b]', '[c]')}guid=${DERIVED_FROM_B}\n`
    expect(await clientFindings(text)).toEqual([
      'error 13: [c] guid: is also the GUID of [a], derived from its previous-names in line 7; every integration needs its own.',
    ])
  })

  test('is a warning for equal display names and for servers that cannot be told apart', async () => {
    const text = `${SECTION}name=Same\n${OTHER}name=Same\n`
    expect(await clientFindings(text)).toEqual([
      'warning 7: [b] 2 integrations, the first being [a], have neither issuer nor redirect-uri=per-integration, so a hostile service could pass off its reply as that of another (mix-up); write one of the two in each.',
      'warning 12: [b] name: People see the same name as for [a] in line 1; give one of them another.',
    ])
  })

  test('is a warning for the sample secrets of the documentation', async () => {
    expect(await clientFindings(SECTION.replace('s3cr3t', 'your-box-client-secret'))).toEqual([
      'warning 3: [a] client-secret: is the sample of the documentation; write the secret that the service gave you.',
    ])
  })
})

describe('a finding about client-secret-file', () => {
  const withFile = (path: string) => SECTION.replace('client-secret=s3cr3t', `client-secret-file=${path}`)

  beforeEach(() => {
    mkdirSync(join(directory, 'secrets'))
    mkdirSync(join(directory, 'credentials'))
  })

  const contents: readonly (readonly [what: string, content: string | Uint8Array, mode: number, finding: string])[] = [
    ['an empty file', '', 0o600, 'names an empty file; write the secret in it.'],
    ['a line end alone', '\n', 0o600, 'names an empty file; write the secret in it.'],
    ['two lines', 'a\nb\n', 0o600, 'names a file with several lines or a control character; it holds the secret alone.'],
    ['blanks', ' a\n', 0o600, 'names a file with blanks around the secret; remove them.'],
    ['a book', 'a'.repeat(70_000), 0o600, 'names a file that is larger than 64 KiB; it holds the secret alone.'],
    ['latin-1', new Uint8Array([0xe4]), 0o600, 'names a file that is not UTF-8 text.'],
    ['a readable file', 'a', 0o640, 'names a file that is open to other accounts (mode 640); its mode must be 600 (chmod 600).'],
  ]
  test.each(contents)('is told for %s', async (_what, content, mode, finding) => {
    write('secrets/x', content, mode)
    expect(await clientFindings(withFile('secrets/x'))).toEqual([`error 3: [a] client-secret-file: ${finding}`])
  })

  test('is told for a file that is missing, elsewhere, a directory, or led to by a link', async () => {
    write('outside', 'a')
    symlinkSync('../outside', join(directory, 'secrets/link'))
    mkdirSync(join(directory, 'secrets/folder'))
    const outside = 'names a file outside the secrets directory; move it there (option secrets-dir of benchkey.conf).'
    const cases = [
      ['secrets/missing', 'names a file that does not exist.'],
      ['outside', outside],
      ['secrets/../outside', outside],
      ['/etc/hostname', outside],
      ['secrets/link', outside],
      ['secrets', outside],
      ['secrets/folder', 'names a file that is not a regular file.'],
    ] as const
    for (const [path, finding] of cases) {
      expect(await clientFindings(withFile(path))).toEqual([`error 3: [a] client-secret-file: ${finding}`])
    }
  })

  test('is none for a file in the secrets directory, a link inside it, or a systemd credential', async () => {
    write('secrets/x', 'from-file\r\n')
    symlinkSync('x', join(directory, 'secrets/link'))
    write('credentials/box', 'from-systemd', 0o440)
    for (const [path, secret] of [
      ['secrets/x', 'from-file'],
      ['secrets/link', 'from-file'],
      [join(directory, 'credentials/box'), 'from-systemd'],
    ] as const) {
      expect(await clientFindings(withFile(path))).toEqual([])
      expect((await load()).configuration?.integrations[0]?.client.clientSecret).toBe(secret)
    }
  })

  test('is a warning for the documentation’s sample in the file', async () => {
    write('secrets/x', 'internal-api-client-secret\n')
    expect(await clientFindings(withFile('secrets/x'))).toEqual([
      'warning 3: [a] client-secret-file: is the sample of the documentation; write the secret that the service gave you.',
    ])
  })
})

describe('a finding about a whole file', () => {
  test('is told for a missing benchkey.conf, and none for the other two', async () => {
    rmSync(join(directory, 'benchkey.conf'))
    expect(await findings()).toEqual([
      'error benchkey.conf:1: This file does not exist; write one with at least public-url, ssl-certificate and ssl-certificate-key.',
    ])
  })

  test('is told for files with secrets that others may read', async () => {
    write('oauth-clients.conf', SECTION, 0o640)
    write('database.conf', 'provider=sqlite\n', 0o604)
    write('benchkey.conf', SERVER, 0o644)
    expect(await findings()).toEqual([
      'error database.conf:1: This file is open to other accounts (mode 604); its mode must be 600 (chmod 600).',
      'error oauth-clients.conf:1: This file is open to other accounts (mode 640); its mode must be 600 (chmod 600).',
    ])
  })

  test('is told for a benchkey.conf that others may change', async () => {
    write('benchkey.conf', SERVER, 0o664)
    expect(await findings()).toEqual([
      'error benchkey.conf:1: This file can be changed by other accounts (mode 664); its mode must be 644 or less (chmod go-w).',
    ])
  })

  test('is told for a file of another owner', async () => {
    write('oauth-clients.conf', SECTION)
    const owner = `belongs to user id ${UID}; it must belong to the account of the server, user id ${UID + 1}.`
    expect((await findings(UID + 1)).filter((line) => line.includes('oauth-clients'))).toEqual([
      `error oauth-clients.conf:1: This file ${owner}`,
    ])
  })

  test('is told for what is not a file, and the other findings are told beside it', async () => {
    mkdirSync(join(directory, 'oauth-clients.conf'))
    symlinkSync('database.conf', join(directory, 'database.conf'))
    write('benchkey.conf', `${SERVER}www-port=x\n`)
    expect(await findings()).toEqual([
      'error benchkey.conf:3: www-port: is not a port from 0 to 65535.',
      'error database.conf:1: This file is a symbolic link that leads in a circle.',
      'error oauth-clients.conf:1: This file is not a regular file.',
    ])
  })

  test('is told for a file of a size no configuration has', async () => {
    write('oauth-clients.conf', Buffer.alloc(17 * 1024 * 1024, '\n'))
    expect(await findings()).toEqual(['error oauth-clients.conf:1: This file is larger than 16 MiB; this is some other file.'])
  })
})

/** One line added to a benchkey.conf that is right; it stands in line 3. */
const SERVER_LINES: readonly (readonly [line: string, finding: string])[] = [
  ['public_url=https://x.example', 'public_url: is not a known option. Did you mean public-url?'],
  ['public-url=https://y.example', 'public-url: is written twice; it first stands in line 1. Keep one of the two.'],
  [
    'www-address=bench.example',
    'www-address: is not an IP address; write one of this machine, 0.0.0.0 for all of IPv4 or :: for all.',
  ],
  ['www-port=65536', 'www-port: is not a port from 0 to 65535.'],
  ['single-user=yes', 'single-user: is neither 0 nor 1; write 1 for yes, 0 for no.'],
  [
    `session-socket=/${'s'.repeat(107)}`,
    'session-socket: is a path of 108 bytes, and that of a socket may have 107; write a shorter one.',
  ],
  ['sessions-url=http://s.example', 'sessions-url: is an http URL; people reach sessions by https only.'],
  ['sessions-url=https://s.example/path', 'sessions-url: holds a path; write scheme, host and port only.'],
  [
    'sessions-url=https://s.{id}.example',
    'sessions-url: has braces elsewhere than in {id} as the first label of its host, such as https://{id}.sessions.example.',
  ],
  [
    'sessions-url=https://bench.example',
    'sessions-url: is the public URL itself; write another host or port, or shared-origin=1 with all that means.',
  ],
  ['sessions-port=8787', 'sessions-port: is the port of Benchkey itself; write another one.'],
  ['sessions-account=a b', 'sessions-account: is not the name of a Unix account; write one such as benchkey-proxy.'],
  ['secrets-dir=a\tb', 'secrets-dir: holds a tab; write a blank instead.'],
  [
    'launcher-sessions-callback-address=http://bench.example',
    'launcher-sessions-callback-address: is an http URL; write https, since http is allowed on loopback (127.0.0.1, ::1, localhost) only.',
  ],
  [
    'launcher-sessions-callback-address=https://bench.example/?x',
    'launcher-sessions-callback-address: holds a query; write scheme, host, port and base path only.',
  ],
  [
    'launcher-sessions-callback-address=https://bench.example:0',
    'launcher-sessions-callback-address: names port 0; write the port that is reached.',
  ],
  ['[www]', '[www] This file has no sections; remove the header.'],
  ['ssl-certificate-key=missing.key', 'ssl-certificate-key: stands without ssl-certificate; write both.'],
  ['ssl-ca-certificate=missing.pem', 'ssl-ca-certificate: names a file that does not exist.'],
]

describe('a finding in benchkey.conf', () => {
  test.each(SERVER_LINES)('%j is told as it should be', async (line, finding) => {
    write('benchkey.conf', `${SERVER}${line}\n`)
    expect((await findings())[0]).toBe(`error benchkey.conf:3: ${finding}`)
  })

  test('is told for what is missing', async () => {
    write('benchkey.conf', '# nothing yet\n')
    expect(await findings()).toEqual([
      'error benchkey.conf:1: public-url: is missing; this file needs it.',
      'error benchkey.conf:1: ssl-certificate: is missing, and people reach Benchkey by https only; write it with ssl-certificate-key, or name the proxy that speaks https in trusted-proxies.',
    ])
  })

  test('is told for an http public URL and for proxies that are no addresses', async () => {
    write('benchkey.conf', 'public-url=http://bench.example\ntrusted-proxies=10.0.0.1, proxy.example\n')
    expect(await findings()).toEqual([
      'error benchkey.conf:1: public-url: is an http URL; people reach Benchkey by https only.',
      'error benchkey.conf:2: trusted-proxies: does not name an IP address or range in place 2; write such as 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32.',
    ])
    write('benchkey.conf', 'public-url=https://bench.example\ntrusted-proxies=,\n')
    expect(await findings()).toEqual([
      'error benchkey.conf:2: trusted-proxies: names no address; write at least one or remove the line.',
    ])
  })

  test('is told for a shared origin beside one of its own, or below a path; and the shared one is warned of', async () => {
    const warning =
      'warning benchkey.conf:3: shared-origin: is on, so code in a session can act as its user on every page of Benchkey; a sessions-url prevents that.'
    write('benchkey.conf', `${SERVER}shared-origin=1\n`)
    expect(await findings()).toEqual([warning])
    write('benchkey.conf', `${SERVER}shared-origin=1\nsessions-url=https://s.example\n`)
    expect(await findings()).toEqual([
      'error benchkey.conf:3: shared-origin: stands beside sessions-url; write one of the two.',
      warning,
    ])
    write('benchkey.conf', `${SERVER.replace('bench.example', 'bench.example/bench')}shared-origin=1\n`)
    expect((await findings())[0]).toBe(
      'error benchkey.conf:3: shared-origin: does not work below a public-url with a path; write a sessions-url.',
    )
  })

  test('is a warning at every start for insecure-loopback-providers=1', async () => {
    write('benchkey.conf', `${SERVER}insecure-loopback-providers=1\n`)
    expect(await findings()).toEqual([
      'warning benchkey.conf:3: insecure-loopback-providers: is on, so integrations may use http and this machine itself; it is for tests and the demo only.',
    ])
  })
})
