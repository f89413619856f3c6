/** Lists a folder of Box. Usage: node list-folder.ts [FOLDER_ID] */
import { createClient } from '@benchkey/sdk'

const api = process.env.BOX_API ?? 'https://api.box.com/2.0'
const benchkey = createClient()

interface Page {
  readonly entries: readonly { readonly type: string; readonly name: string; readonly size: number }[]
  readonly next_marker?: string
}

async function readPage(folder: string, marker: string | undefined): Promise<Page> {
  const query = new URLSearchParams({ fields: 'type,name,size', usemarker: 'true', ...(marker ? { marker } : {}) })
  // Each page with a token of its own, however long the reading takes.
  const { accessToken } = await benchkey.token('box-integration')
  const reply = await fetch(`${api}/folders/${encodeURIComponent(folder)}/items?${query}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  if (!reply.ok) throw new Error(`Box answered ${reply.status}.`)
  return (await reply.json()) as Page
}

let marker: string | undefined
do {
  const page = await readPage(process.argv[2] ?? '0', marker)
  for (const { type, name, size } of page.entries) console.log(type, name, size)
  marker = page.next_marker
} while (marker)
