// The page at /graphiql. It talks to /graphql of the same host and to nothing else.
// A key in the fragment (/graphiql#key=cql_…) fills the headers; a fragment is never sent to a server.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/graphiql.css';

const WELCOME = `# Campaign events in, campaign reports out.
#
# Put your key under "Headers" below: {"x-api-key": "cql_..."}
# The book icon on the left opens the documentation of every type and field.

{
  campaigns(first: 10) {
    nodes {
      externalId
      name
      source
      channels
      funnel {
        deliveredBasis
        steps { step total unique }
        rates { deliveryRate openRate clickRate }
      }
    }
  }
  reachabilityFunnel(channel: "email") {
    steps { step customers lost { reason customers } }
  }
}
`;

const NO_KEY = '{\n  "x-api-key": ""\n}';

function headersFromFragment() {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!key) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return JSON.stringify({ 'x-api-key': key }, null, 2);
}

async function fetcher(params, options) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(options?.headers ?? {}) },
    body: JSON.stringify(params),
  });
  return response.json();
}

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    headers={headersFromFragment()}
    defaultHeaders={NO_KEY}
    defaultQuery={WELCOME}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders={false}
  />,
);
