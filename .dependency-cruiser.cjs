// The house of ARCHITECTURE.md as rules: arrows point down only. "npm run check" runs them.
const unitTest = '\\.test\\.tsx?$'
const floorTwo = ['config', 'oauth', 'store', 'launcher', 'login']

/** Files of `from` may not reach any file of ours that `to` matches; `but` are the exceptions. */
const never = (name, comment, from, to, but) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: unitTest },
  to: but ? { path: to, pathNot: but } : { path: to },
})

module.exports = {
  forbidden: [
    never('domain-imports-nothing', 'domain/ holds nouns and pure rules.', '^server/src/domain/', '.', '^server/src/domain/'),
    ...floorTwo.map((room) =>
      never(
        `${room}-imports-domain-only`,
        `${room}/ stands on domain/ alone, beside its sisters.`,
        `^server/src/${room}/`,
        '^(server|sdk|web|scripts|bench|vscode)/',
        `^server/src/(${room}|domain)/`,
      ),
    ),
    never(
      'broker-imports-floors-below',
      'broker/ uses domain/ and the rooms of floor 2.',
      '^server/src/broker/',
      '^(server|sdk|web|scripts|bench|vscode)/',
      `^server/src/(broker|domain|${floorTwo.join('|')})/`,
    ),
    never(
      'http-imports-broker-and-domain',
      'No door goes round the lock: http/ never reaches floor 2.',
      '^server/src/http/',
      '^(server|web|scripts|bench|vscode)/',
      '^server/src/(http|broker|domain)/',
    ),
    {
      name: 'http-imports-sdk-types-only',
      severity: 'error',
      from: { path: '^server/src/(http|terminal)/', pathNot: unitTest },
      to: { path: '^sdk/', dependencyTypesNot: ['type-only'] },
    },
    never(
      'terminal-imports-nothing-of-ours',
      'terminal/ runs as a user’s own account: what it has of the server is the types of its page.',
      '^server/src/terminal/',
      '^(server|web|scripts|bench|vscode)/',
      '^server/src/terminal/',
    ),
    never(
      'proxy-imports-domain-and-tools-of-the-doors',
      'The proxy of session traffic knows no broker, no configuration and no package; some tools of the doors know none either.',
      '^server/src/proxy/',
      '^(server|sdk|web|scripts|bench|vscode)/|^node_modules/',
      '^server/src/(proxy|domain)/|^server/src/http/(allowed-hosts|cookies|listener|plain-replies|trusted-proxies)\\.ts$',
    ),
    never('nobody-imports-the-proxy', 'It is a process of its own.', '^server/src/(?!proxy/)', '^server/src/proxy/'),
    never(
      'cli-imports-config-domain-sdk',
      'Commands are clients: no back stairs.',
      '^server/src/cli/',
      '^(server|web|scripts|bench|vscode)/',
      '^server/src/(cli|config|domain)/',
    ),
    never(
      'main-never-imports-cli',
      'main.ts constructs; it knows no command.',
      '^server/src/main\\.ts$',
      '^server/src/(cli/|bin\\.ts$)',
    ),
    {
      name: 'nobody-imports-bin',
      severity: 'error',
      from: {},
      to: { path: '^server/src/bin\\.ts$' },
    },
    never(
      'src-never-imports-testing',
      'The product does not know its tests.',
      '^(server/src|sdk|web|vscode)/',
      '^server/(testing|test)/',
    ),
    never('nobody-imports-a-test', 'A test is run, not used.', '^', unitTest),
    never('web-imports-sdk-only', 'The pages are a client of the API.', '^web/', '^(server|scripts|bench|vscode)/'),
    never('vscode-imports-sdk-only', 'The extension is a session’s client.', '^vscode/', '^(server|web|scripts|bench)/'),
    never('examples-import-sdk-only', 'Examples use what is published.', '^examples/', '^(server|web|scripts|bench|vscode)/'),
    never('sdk-imports-nothing', 'The SDK stands alone.', '^sdk/', '^(server|web|scripts|bench|vscode)/'),
    {
      name: 'sdk-uses-no-package',
      comment: 'Node’s own modules are fine for the SDK; packages are not.',
      severity: 'error',
      from: { path: '^sdk/', pathNot: unitTest },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['\\.d\\.ts$', '(^|/)[^/]+\\.config\\.ts$', '^scripts/[^/]+\\.(ts|mjs)$', '^examples/', unitTest],
      },
      to: {},
    },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'product-uses-no-development-package',
      severity: 'error',
      from: { path: '^(server/src|sdk)/', pathNot: unitTest },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    // Under TypeScript 7 the default parser reads no module at all and everything passes.
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
