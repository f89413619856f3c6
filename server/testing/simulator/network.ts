import { NotSent, PerhapsSent, type Transport, type TransportReply } from '../../src/oauth/transport.ts'
import type { Fate, SimulatedProvider } from './provider.ts'
import type { SimulatedNode, World } from './world.ts'

/** Probabilities of a bad network, per token request; the rest is answered. */
const FATES: readonly (readonly [Fate, number])[] = [
  ['refused', 0.08],
  ['unavailable', 0.08],
  ['lost_before', 0.06],
  ['lost_after', 0.08],
  ['broken_after', 0.05],
]

interface Sender {
  readonly node: SimulatedNode
  readonly life: number
  /** The chain of tokens its request belongs to. */
  readonly family: number | undefined
}

/** Carries token requests of simulated nodes to the simulated provider, and loses some. */
export class SimulatedNetwork {
  /** From now on everything arrives. */
  calm = false
  /** Whether a reply of the provider ever failed to reach the one who asked: window W1, or W2 by a kill. */
  interrupted = false
  /** When replies were lost. */
  readonly losses: number[] = []
  /** When requests were lost on their way: nothing came of them, and nobody knows. */
  readonly vanished: number[] = []
  /** Called when a request leaves its node. */
  onRequest: (sender: SimulatedNode) => void = () => undefined
  readonly #world: World
  readonly #provider: SimulatedProvider
  readonly #open = new Set<Sender>()
  readonly #unsaved = new Set<SimulatedNode>()

  constructor(world: World, provider: SimulatedProvider) {
    this.#world = world
    this.#provider = provider
  }

  /** The transport of one node, as long as it lives. */
  transportOf(node: SimulatedNode): Transport {
    return async (request) => {
      const { random } = this.#world
      const fate = this.#fate()
      await this.#world.point(node, random.between(1, 80), () => undefined)
      if (fate === 'refused') throw new NotSent('network', 'refused the connection')
      if (!request.mayLeave()) throw new NotSent('fence', 'the right to refresh was lost')
      this.onRequest(node)
      const parameters = new URLSearchParams(request.body)
      const family = this.#provider.ledger.familyOf(parameters.get('refresh_token') ?? '')
      return await this.#exchange({ node, life: node.life, family }, parameters, fate)
    }
  }

  /** The node wrote what it was given. */
  saved(node: SimulatedNode): void {
    this.#unsaved.delete(node)
  }

  /** The node died: with an answer in its hands that was not saved, that was window W2. */
  killed(node: SimulatedNode): void {
    if (this.#unsaved.delete(node)) this.interrupted = true
  }

  #fate(): Fate {
    if (this.calm) return 'answered'
    let draw = this.#world.random.next()
    for (const [fate, share] of FATES) {
      if (draw < share) return fate
      draw -= share
    }
    return 'answered'
  }

  /** The provider goes on whatever becomes of the sender; the reply reaches only a sender of the same life. */
  #exchange(sender: Sender, parameters: URLSearchParams, fate: Fate): Promise<TransportReply> {
    const { random } = this.#world
    const { node, life } = sender
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => {
        this.#world.at(random.between(1, 200), () => {
          this.#open.delete(sender)
          if (node.life === life) settle()
          else this.interrupted = true
        })
      }
      this.#world.at(random.between(1, 200), () => {
        if (fate === 'lost_before') {
          this.vanished.push(this.#world.nowMs)
          return answer(() => reject(new PerhapsSent('closed the connection')))
        }
        if (fate === 'unavailable') return answer(() => resolve({ status: 503, headers: {}, body: '' }))
        const overlapped = [...this.#open].some((other) => other.node.life === other.life && other.family === sender.family)
        this.#open.add(sender)
        const reply = this.#provider.receive(parameters, overlapped)
        if (fate === 'answered') {
          return answer(() => {
            this.#unsaved.add(node)
            resolve({ ...reply, headers: { 'content-type': 'application/json' } })
          })
        }
        this.interrupted = true
        this.losses.push(this.#world.nowMs)
        if (fate === 'lost_after') return answer(() => reject(new PerhapsSent('closed the connection')))
        answer(() => resolve({ status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' }))
      })
    })
  }
}
