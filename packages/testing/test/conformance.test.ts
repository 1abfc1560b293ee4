// Every scenario on every way it names. `npm run conformance` runs the same scenarios and prints the table of ids.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { allWays, loadScenarios, runScenario, runsOn } from '@crosspoint/testing'

const ways = allWays()
after(() => Promise.all(ways.map((way) => way.close())))

for (const [index, scenario] of (await loadScenarios()).entries()) {
  for (const way of ways) {
    if (!runsOn(scenario, way)) continue
    test(`${scenario.id} ${scenario.title} (${way.label})`, async (context) => {
      const result = await runScenario(scenario, way, index)
      if (result.leftOut !== undefined) context.diagnostic(`left out: ${result.leftOut}`)
      assert.ok(result.ok, result.error)
    })
  }
}
