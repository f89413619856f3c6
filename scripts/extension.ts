import { spawnSync } from 'node:child_process'
import { cpSync, createWriteStream, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { fingerprintOf, isBuiltFrom } from './built-from.ts'
import { explainOutput, step, Trouble } from './trouble.ts'

const SOURCES = [
  'vscode/src/**/*.ts',
  'vscode/media/**/*',
  'vscode/*.{json,ts,md}',
  'sdk/typescript/src/**/*.ts',
  'package-lock.json',
]

/** Below the checkout: the extension as VS Code reads it, unpacked. */
const FOLDER = 'vscode/dist/extension'

/** Below the checkout: the same in one file, to be installed by hand. */
export const VSIX = 'vscode/dist/benchkey-credentials.vsix'

/** The same bytes from the same sources: zip knows no earlier time. */
const NO_TIME = new Date(1980, 0, 1)

/** The manifest's members that only the checkout needs, or that our own scripts decide. */
interface SourceManifest {
  readonly name: string
  readonly displayName: string
  readonly version: string
  readonly description: string
  readonly publisher: string
  readonly engines: { readonly vscode: string }
  readonly [member: string]: unknown
}

/** Builds vscode/dist unless it was built from exactly these sources; throws Trouble with the builder's words above it. */
export async function buildExtension(root: string): Promise<void> {
  const stamp = join(root, 'vscode/dist/.built-from')
  const wanted = fingerprintOf(root, SOURCES)
  if (isBuiltFrom(stamp, wanted)) return
  step('Building the VS Code extension …')
  bundle(root)
  const manifest = writeManifest(root)
  cpSync(join(root, 'vscode/media'), join(root, FOLDER, 'media'), { recursive: true })
  cpSync(join(root, 'vscode/README.md'), join(root, FOLDER, 'README.md'))
  cpSync(join(root, 'LICENSE'), join(root, FOLDER, 'LICENSE.txt'))
  await pack(join(root, FOLDER), manifest, join(root, VSIX))
  writeFileSync(stamp, wanted)
}

function bundle(root: string): void {
  const node = join(root, 'node_modules/.bin/node')
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const env = { ...process.env, NODE_ENV: 'production' }
  const result = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], { cwd: join(root, 'vscode'), env, encoding: 'utf8' })
  if (result.status === 0) return
  const output = `${result.stdout}${result.stderr}`
  process.stderr.write(output)
  throw new Trouble(explainOutput(output) ?? 'The VS Code extension could not be built; the words of the builder are above.')
}

/** What VS Code reads: without what npm alone reads. */
function writeManifest(root: string): SourceManifest {
  const manifest = JSON.parse(readFileSync(join(root, 'vscode/package.json'), 'utf8')) as SourceManifest
  const { private: _p, type: _t, scripts: _s, dependencies: _d, devDependencies: _v, ...kept } = manifest
  const published = { ...kept, main: './extension.cjs' }
  writeFileSync(join(root, FOLDER, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`)
  return manifest
}

/** A VSIX is a zip after the Open Packaging Conventions: the extension, what it is, and the types of its files. */
async function pack(folder: string, manifest: SourceManifest, file: string): Promise<void> {
  const zip = new ZipFile()
  const add = (name: string, content: string | Buffer): void => {
    zip.addBuffer(Buffer.from(content), name, { mtime: NO_TIME, mode: 0o100644, forceDosTimestamp: true })
  }
  add('extension.vsixmanifest', packageManifest(manifest))
  add('[Content_Types].xml', CONTENT_TYPES)
  const paths = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  for (const path of paths) add(`extension${path.slice(folder.length)}`, readFileSync(path))
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(`${file}.new`))
  renameSync(`${file}.new`, file)
}

const CONTENT_TYPES = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension=".json" ContentType="application/json"/><Default Extension=".vsixmanifest" ContentType="text/xml"/><Default Extension=".cjs" ContentType="application/javascript"/><Default Extension=".md" ContentType="text/markdown"/><Default Extension=".txt" ContentType="text/plain"/><Default Extension=".svg" ContentType="image/svg+xml"/></Types>
`

function packageManifest({ name, displayName, version, description, publisher, engines }: SourceManifest): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011" xmlns:d="http://schemas.microsoft.com/developer/vsx-schema-design/2011">
  <Metadata>
    <Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}"/>
    <DisplayName>${displayName}</DisplayName>
    <Description xml:space="preserve">${description}</Description>
    <Categories>Other</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${engines.vscode}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
  </Assets>
</PackageManifest>
`
}
