import type { PageConflict, PageReview } from '@benchkey/sdk/configuration-pages'
import { useMutation } from '@tanstack/react-query'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { TimeText } from '../../../components/TimeText.tsx'
import { configurationApi, configurationQuery, reviewQuery } from '../../../configuration-api.ts'
import { queryClient } from '../../../queries.ts'

/** How the server calls an edit by hand. */
const FILE = 'the file'

/** What two administrators changed at once, each to be decided. */
export function Conflicts({ conflicts }: { readonly conflicts: readonly PageConflict[] }) {
  if (conflicts.length === 0) return null
  return (
    <section className="conflicts" aria-label="Conflicts">
      <h3>{conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`}</h3>
      <ul className="list">
        {conflicts.map((conflict) => (
          <Conflict key={`${conflict.section} ${conflict.option ?? ''}`} conflict={conflict} />
        ))}
      </ul>
    </section>
  )
}

function Conflict({ conflict }: { readonly conflict: PageConflict }) {
  const { section, option, yours, theirs, by, at } = conflict
  const resolve = useMutation({
    mutationFn: (keep: 'yours' | 'theirs') =>
      configurationApi.resolve({ section, ...(option === undefined ? {} : { option }), keep }),
    onSuccess: async (review: PageReview) => {
      queryClient.setQueryData(reviewQuery.queryKey, review)
      await queryClient.invalidateQueries({ queryKey: configurationQuery.queryKey, exact: true })
    },
  })
  const what = option === undefined ? `[${section}]` : `${option} of [${section}]`
  return (
    <li className="conflict">
      <p>
        <TimeText
          text={`${by === undefined || by === FILE ? 'Somebody else' : by} changed ${what} meanwhile${at === undefined ? '' : ` at {time:${at}}`}.`}
        />
      </p>
      <dl className="facts">
        <Side name="Yours" value={yours} isSection={option === undefined} />
        <Side name="Theirs" value={theirs} isSection={option === undefined} />
      </dl>
      <ErrorLine error={resolve.error} />
      <div className="button-line">
        <Button aria-label={`Keep yours: ${what}`} busy={resolve.isPending} onClick={() => resolve.mutate('yours')}>
          Keep yours
        </Button>
        <Button aria-label={`Keep theirs: ${what}`} busy={resolve.isPending} onClick={() => resolve.mutate('theirs')}>
          Keep theirs
        </Button>
      </div>
    </li>
  )
}

interface SideProps {
  readonly name: string
  readonly value: string | undefined
  readonly isSection: boolean
}

function Side({ name, value, isSection }: SideProps) {
  const absent = isSection ? 'The section is removed' : 'Not written'
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{value === undefined ? absent : <code>{value}</code>}</dd>
    </div>
  )
}
