import { hostOf, type Integration } from '../domain/integration.ts'
import type { VerificationCheck } from '../domain/verification.ts'
import { clientSentences, type TokenEndpointAnswer } from '../domain/verification-client.ts'
import type { ClientProof } from '../oauth/client-proof.ts'
import type { TokenAnswer } from '../oauth/token-probe.ts'

/** What the token endpoint's answers mean, in sentences. */
export function clientChecks(proof: ClientProof, integration: Integration, redirectUri: string): readonly VerificationCheck[] {
  const { section, client, tokenUrl } = integration
  const host = hostOf(tokenUrl)
  const said: TokenEndpointAnswer = { host, section, ...wordsOf(proof.answer) }
  const isPublic = client.authenticationMethod === 'none'
  switch (proof.kind) {
    case 'right':
      return [isPublic ? clientSentences.publicRight(said) : clientSentences.right(said)]
    case 'right_by_comparison':
      return [clientSentences.rightByComparison(said, isPublic ? 'client ID' : 'secret', wordsOf(proof.wrong).words)]
    case 'wrong':
      return [isPublic ? clientSentences.publicWrong(said) : clientSentences.wrong(said, proof.tried)]
    case 'other_method':
      return [clientSentences.otherMethod(said, client.authenticationMethod, proof.works)]
    case 'next_secret':
      return [clientSentences.nextSecret(said)]
    case 'not_allowed':
      return [clientSentences.notAllowed(said)]
    case 'redirect_uri':
      return [clientSentences.redirectUriRefused(said, redirectUri)]
    case 'unsaid':
      return [clientSentences.unsaid(said)]
    case 'uncompared':
      return [clientSentences.uncompared(said, wordsOf(proof.wrong).words)]
    case 'closed':
      return [clientSentences.closed(said)]
    case 'not_there':
      return [clientSentences.notThere(said)]
    case 'redirects':
      return [clientSentences.redirects(said, proof.answer.location)]
    case 'page':
      return [clientSentences.page(said)]
    case 'wait':
      return [clientSentences.wait(said, retryAfterOf(proof.answer))]
    case 'gives_anything':
      return [clientSentences.givesAnything(said)]
    case 'failing':
    case 'not_sent':
    case 'silent':
      return [clientSentences.failing(said)]
  }
}

function wordsOf({ outcome }: TokenAnswer): { readonly words: string; readonly text?: string } {
  if (outcome.kind === 'success') return { words: 'gave a token' }
  const text = 'providerText' in outcome ? outcome.providerText : undefined
  return { words: outcome.words, ...(text === undefined ? {} : { text }) }
}

function retryAfterOf({ outcome }: TokenAnswer): number | undefined {
  return outcome.kind === 'unspent' ? outcome.retryAfterSeconds : undefined
}
