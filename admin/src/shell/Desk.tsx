import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, StrictMode, Suspense, useEffect, useState } from 'react';

import { queryClient } from '../api/query-client';
import { LocationProvider } from '../ui/location';
import { setNoticeListener } from '../ui/notify';
import { cssVariables, theme } from '../ui/theme';
import { Boundary } from './Boundary';
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
          {/* The menus, the search and the sign-in are loaded when they are used. After an upgrade, their files may be gone. */}
          <Boundary>
            <NoticeHost />
            <LocationProvider>
              <SessionGate>
                <Frame />
              </SessionGate>
            </LocationProvider>
          </Boundary>
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
