import type { PageConfiguration, PageSection } from '@benchkey/sdk/configuration-pages'
import { Link } from 'wouter'
import { configurationApi } from '../../../configuration-api.ts'
import { pagePaths } from '../../../paths.ts'
import { RedirectUri } from './RedirectUri.tsx'
import { StepHeading } from './StepHeading.tsx'
import { TestButton, TestPanel, useTest, useTestOnArrival } from './TestPanel.tsx'

interface TestStepProps {
  readonly section: PageSection
  readonly configuration: PageConfiguration
}

/** Does it work? Then on to the review, which deploys it. */
export function TestStep({ section: { section, redirectUri }, configuration }: TestStepProps) {
  const test = useTest((left) => configurationApi.test(section, left))
  useTestOnArrival(test)
  const name = configuration.integrations.find((each) => each.section === section)?.name ?? section
  return (
    <div className="panel section-form">
      <StepHeading words={`Test and deploy ${name}`} />
      <p>
        It is kept as your change, and nobody sees it yet. The test asks the service as Benchkey will: whatever is wrong stands
        here, with who has to act.
      </p>
      <TestPanel test={test} name={name} />
      <RedirectUri uri={redirectUri} words="Only a person can see whether this redirect URI is registered there:" />
      <footer className="form-actions">
        <Link href={pagePaths.adminReview} className="button button-primary">
          Review and deploy
        </Link>
        <TestButton test={test} name={name} />
        <Link
          href={`${pagePaths.adminAddIntegration}?section=${encodeURIComponent(section)}&step=2`}
          className="button button-plain"
        >
          Back
        </Link>
      </footer>
    </div>
  )
}
