import '@mantine/notifications/styles.css';

import { Notifications, notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';

import { texts } from '../texts';

export interface Notice {
  title: string;
  message: string;
  isProblem: boolean;
}

/** The container of notifications. Show one with `notifyDone` and `notifyProblem`. */
export default function Notices() {
  return <Notifications position="bottom-right" limit={4} />;
}

export function showNotice({ title, message, isProblem }: Notice): void {
  notifications.show({
    title,
    message,
    color: isProblem ? 'red' : 'teal',
    icon: isProblem ? <IconAlertTriangle size={18} /> : <IconCheck size={18} />,
    autoClose: isProblem ? false : message ? 8000 : 4000,
    role: isProblem ? 'alert' : 'status',
    closeButtonProps: { 'aria-label': texts.common.close },
  });
}
