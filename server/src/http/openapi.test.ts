import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { OPERATIONS, openApiDocument } from './openapi.ts'
import { RpcRoutes } from './rpc-routes.ts'

const document = openApiDocument('0.1.0', 'https://rpc.example/base') as z.output<typeof shape>

const content = z.record(z.string().regex(/^[a-z]+\/[a-z-]+$/), z.strictObject({ schema: z.looseObject({}) }))
const operation = z.strictObject({
  operationId: z.string().regex(/^[a-z_]+$/),
  summary: z.string().min(1),
  parameters: z
    .array(
      z.strictObject({
        ...{ name: z.string(), in: z.literal('path'), required: z.literal(true), description: z.string() },
        schema: z.strictObject({ type: z.literal('string') }),
      }),
    )
    .optional(),
  requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string().regex(/^[2-5]\d\d$/), z.strictObject({ description: z.string().min(1), content })),
  security: z.array(z.partialRecord(z.enum(['rpcCookie', 'serviceToken']), z.tuple([]))),
})

/** The part of OpenAPI 3.1 that this document uses, and nothing beside it. */
const shape = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({
    ...{ title: z.string(), version: z.string(), summary: z.string() },
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.tuple([z.strictObject({ url: z.url() })]),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'post', 'delete']), operation)),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[a-zA-Z0-9._-]+$/), z.looseObject({})),
    securitySchemes: z.strictObject({
      rpcCookie: z.strictObject({ type: z.literal('apiKey'), in: z.literal('header'), name: z.string() }),
      serviceToken: z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer') }),
    }),
  }),
})

describe('the OpenAPI document', () => {
  test('has the form of OpenAPI 3.1', () => {
    expect(shape.safeParse(document).error).toBeUndefined()
  })

  test('has JSON Schemas that can be read again, which every reference leads to and none is without', () => {
    for (const schema of Object.values(document.components.schemas)) expect(z.fromJSONSchema(schema)).toBeDefined()
    const referred = [...JSON.stringify(document.paths).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect([...new Set(referred)].sort()).toEqual(Object.keys(document.components.schemas).sort())
  })

  test('names each operation once, and each variable of its path', () => {
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId))
    expect(new Set(ids).size).toBe(ids.length)
    for (const [path, item] of Object.entries(document.paths)) {
      const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      for (const { parameters = [] } of Object.values(item)) expect(parameters.map(({ name }) => name)).toEqual(variables)
    }
  })

  /** That no method is missing is what its type says; that each path leads there is shown here. */
  test('has every call of the RPC’s host at the path that is answered', () => {
    const routes = new RpcRoutes('https://rpc.example/base')
    for (const [method, { path }] of Object.entries(OPERATIONS)) {
      // Those of terminals have a door of their own, which the test of real replies asks.
      if (!method.startsWith('device_')) expect(routes.find(`/base${path.replace(/\{\w+\}/, 'x')}`)?.method).toBe(method)
      expect(document.paths).toHaveProperty([path])
    }
  })
})
