/** Uploads a file to Box. Usage: node upload.ts FILE [FOLDER_ID] */
import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { createClient } from '@benchkey/sdk'

const upload = process.env.BOX_UPLOAD ?? 'https://upload.box.com/api/2.0'
const [file = '', folder = '0'] = process.argv.slice(2)

// A long upload wants a token that does not end on the way: Benchkey renews it first when less is left.
const { accessToken } = await createClient().token('box-integration', { minTtlSeconds: 1800 })

const form = new FormData()
form.set('attributes', JSON.stringify({ name: basename(file), parent: { id: folder } }))
form.set('file', await openAsBlob(file), basename(file))
const reply = await fetch(`${upload}/files/content`, {
  method: 'POST',
  headers: { authorization: `Bearer ${accessToken}` },
  body: form,
})
if (!reply.ok) throw new Error(`Box answered ${reply.status}.`)
console.log('uploaded', basename(file))
