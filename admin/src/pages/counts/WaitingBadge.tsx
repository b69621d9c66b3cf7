import { Badge, Tooltip } from '@mantine/core';
import { IconCloudUp } from '@tabler/icons-react';
import { useEffect, useSyncExternalStore } from 'react';

import { useSession } from '../../api/session';
import { texts } from '../../texts';
import { Link } from '../../ui/link';
import { useFormats } from '../../ui/format';
import { pathTo } from '../paths';
import { countQueue } from './queue';

/** In the frame, on every page: how many counted entries wait to be sent. It also keeps sending them. */
export default function WaitingBadge() {
  const { user } = useSession();
  const { quantity } = useFormats();
  useEffect(() => countQueue.start(user.id), [user.id]);
  const { waiting, refused } = useSyncExternalStore(countQueue.subscribe, countQueue.getState);
  const first = refused[0] ?? waiting[0];
  if (!first) return null;
  const label = texts.counts.unsent(quantity(waiting.length), quantity(refused.length));
  return (
    <Tooltip label={label}>
      <Badge
        component={Link}
        to={pathTo.count(first.count)}
        color={refused.length > 0 ? 'red' : 'yellow'}
        leftSection={<IconCloudUp size={14} aria-hidden />}
        aria-label={label}
      >
        {quantity(waiting.length + refused.length)}
      </Badge>
    </Tooltip>
  );
}
