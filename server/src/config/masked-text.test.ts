import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskedDiff, NOT_SHOWN, shownValue } from './masked-text.ts'

const diff = (before: string, after: string) =>
  maskedDiff(Buffer.from(before), Buffer.from(after)).map(
    ({ kind, text, oldLine = '', newLine = '' }) => `${kind} ${oldLine}:${newLine} ${text}`,
  )

const BOX = `# all
[box]
name=Box
client-id=1
client-secret=s3cret
token-url=https://a.example
scopes=read
x
[lab]
client-id=2
`

describe('the difference between two files', () => {
  test('is told line by line, with what stands around it', () => {
    expect(diff(BOX, BOX)).toEqual([])
    expect(diff(BOX, BOX.replace('scopes=read', 'scopes=read,write'))).toEqual([
      'gap : 3 lines',
      'same 4:4 client-id=1',
      'same 5:5 client-secret=(not shown)',
      'same 6:6 token-url=https://a.example',
      'removed 7: scopes=read',
      'added :7 scopes=read,write',
      'same 8:8 (not shown)',
      'same 9:9 [lab]',
      'same 10:10 client-id=2',
    ])
    expect(diff('', '[a]\nx=1\n')).toEqual(['added :1 [a]', 'added :2 (not shown)'])
    expect(diff('[a]\nname=1\n', '')).toEqual(['removed 1: [a]', 'removed 2: name=1'])
    expect(diff('[a]\n', '[a]\r\n')).toEqual(['removed 1: [a]', 'added :1 [a]'])
  })

  test('says of a secret only that it is another one', () => {
    expect(diff('[a]\nclient-secret=old\n', '[a]\nclient-secret=new\n')).toEqual([
      'same 1:1 [a]',
      'removed 2: client-secret=(not shown)',
      'added :2 client-secret=(changed)',
    ])
  })

  test('shows no secret that was mistyped, wrapped, commented out or written into an address', () => {
    const canary = 'c4nary-s3cret'
    const lines = [
      `client-secret=${canary}`,
      `client-secret = ${canary} # ${canary}`,
      `client-secret-next=${canary}`,
      `client-secrt=${canary}`,
      `Client-Secret=${canary}`,
      canary,
      `${canary}==`,
      `#client-secret=${canary}`,
      `; # client-secret = ${canary}`,
      `# proxy password=${canary}`,
      `proxy=http://user:${canary}@proxy.example:3128`,
      `proxy=http://user:a@${canary}@proxy.example:3128`,
      `proxy = user:${canary}@proxy.example:3128`,
      `proxy=http://user:a/${canary}?#@proxy.example:3128`,
      `#proxy=http://user:/${canary}@proxy.example:3128`,
      `# was: http://user:${canary}@proxy.example`,
    ]
    fc.assert(
      fc.property(fc.subarray(lines), fc.subarray(lines), (before, after) => {
        expect(diff(`[a]\n${before.join('\n')}\n`, `[a]\n${after.join('\n')}\n`).join('\n')).not.toContain(canary)
      }),
    )
    expect(shownValue('client-secret', canary)).toBeUndefined()
    expect(shownValue('proxy', `http://user:${canary}@proxy.example`)).toBe('http://user:(not shown)@proxy.example')
    expect(shownValue('proxy', `user:/${canary}@proxy.example:1`)).toBe('user:(not shown)@proxy.example:1')
    for (const plain of ['none', 'proxy.example:3128', 'http://user@proxy.example:3128', 'https://[2001:db8::1]:3128']) {
      expect(shownValue('proxy', plain)).toBe(plain)
    }
  })

  test.each([
    '# Owner: Jane Doe <jane.doe@example.com>, ext. 4711',
    '# Registered on 2026-11-27 by Ann; see https://wiki.example.com/oauth/box.html',
    '# Ticket INC0012345, change CHG-2026-114',
    '# Do not touch! Managed by the platform team (room 3.14).',
    '; scopes=read,write was too little for the dashboards',
    '#scopes=openid profile offline_access',
    '#authorization-url=https://login.example.com/oauth2/v2.0/authorize',
    '# Nutzt die Testumgebung; Ansprechpartnerin: Frau Müller-Lüdenscheidt',
    '# Wiederherstellungspunkt der Datenschutzbeauftragten',
    '# ===== Production =====',
    '# ---------------------------------------------',
    "# GitHub's rate limit is 5000/hour, OpenID Connect since v3.11",
    '# proxy.example.com:3128 answers from 10.0.0.0/8 and fd00::1 only',
    '# NOTE: ask salesforce-admins@example.org about refresh_token_lifetime',
    '# Администратор: Иванова',
    '# 日本語のコメント',
    '# Ende: 31.12.2027, 14:00 Uhr',
    '# min-ttl 300 s; expires-in-default 3600',
    '# copied from /etc/rstudio/oauth-clients.conf',
    '# JupyterHub and PostgreSQL use it, VSCode does not',
  ])('shows what people write in comments: %s', (comment) => {
    expect(diff('', `${comment}\n`)).toEqual([`added :1 ${comment}`])
  })

  test.each([
    'c4nary-s3cret-9f8e7d',
    'z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw=',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'gho_aBcDeFgHiJkLmNoPqRsT',
    'xoxb-2048-7fKq0Zt9aWcX',
    'GOCSPX-4uHgMPm1o7Skgeq02xf5QsrT',
    '9f86d081884c7d659a2feaa0c55ad015',
    '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'dGhpc2lzYXNlY3JldA==',
    'qwrtpsdfghjklzxcvb',
    'Xk7~pQ2.vR9_mT4-wZ8',
    'AKIAIOSFODNN7EXAMPLE',
    'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY',
    'sk_live_51H8xYzAbCdEfGh',
    'Tr0ub4dor&3',
    'P@ssw0rd2026!',
    '1234567890123456',
    'hT8sQ~mVbN3kLpR6',
    'SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf',
  ])('shows no word of a comment that looks like a secret: %s', (secret) => {
    for (const note of [
      `# ${secret}`,
      `; old one ${secret}, of Ann`,
      `# "${secret}"`,
      `#(${secret})`,
      `# Box -> ${secret} (2026)`,
    ]) {
      expect([note, diff('', `${note}\n`).join('').includes(secret)]).toEqual([note, false])
    }
    expect(diff('', `; old one ${secret} of Ann\n`)).toEqual([`added :1 ; old one ${NOT_SHOWN} of Ann`])
  })

  test('shows a line as it is written, whatever turns its direction or ends it elsewhere', () => {
    expect(diff('[a]\n', '[a]\nname=x\u202ey\u2028z\u001b[2J\u2066\n').join('\n')).toMatch(/name=x�y�z�\[2J�$/)
  })
})
