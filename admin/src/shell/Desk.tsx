import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, StrictMode, Suspense, useEffect, useState } from 'react';

import { queryClient } from '../api/query-client';
import { LocationProvider } from '../ui/location';
import { setNoticeListener } from '../ui/notify';
import { cssVariables, theme } from '../ui/theme';
import { Frame } from './Frame';
import { nonce } from './nonce';
import { SessionGate } from './SessionGate';

const schemes = localStorageColorSchemeManager({ key: 'stockroom.scheme' });
const Notices = lazy(() => import('../ui/notices'));

export function Desk() {
  return (
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        colorSchemeManager={schemes}
        defaultColorScheme="auto"
        getStyleNonce={nonce}
      >
        <QueryClientProvider client={queryClient}>
          <NoticeHost />
          <LocationProvider>
            <SessionGate>
              <Frame />
            </SessionGate>
          </LocationProvider>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  );
}

/** Mounts the container of notifications with the first one. */
function NoticeHost() {
  const [isUsed, setIsUsed] = useState(false);
  useEffect(() => setNoticeListener(() => setIsUsed(true)), []);
  return isUsed ? (
    <Suspense fallback={null}>
      <Notices />
    </Suspense>
  ) : null;
}
