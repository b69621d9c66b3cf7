import { useSession, isAllowed } from '../api/session';
import { pages, type Page } from '../pages/routes';
import { texts } from '../texts';
import { Link } from '../ui/link';
import { useLocation } from '../ui/location';
import classes from './Navigation.module.css';
import { useShortcut } from './shortcuts';

/** The pages of the navigation that the account may see. A group with several shows them while it is open. */
export function Navigation() {
  const { user } = useSession();
  const { path } = useLocation();
  const visible = pages.filter((page) => page.inNavigation && isAllowed(user, page.needs));
  const groups = [...new Set(visible.map((page) => page.group))];
  const here = groupOf(path);

  return (
    <nav aria-label={texts.shell.navigation} className={classes.navigation}>
      <ul>
        {groups.map((group) => {
          const members = visible.filter((page) => page.group === group);
          const [first] = members;
          if (!first) return null;
          const isHere = group === here;
          const hasSeveral = members.length > 1;
          return (
            <li key={group}>
              <GroupLink page={first} label={hasSeveral ? texts[group].title : first.title} isHere={isHere} isCurrent={path === first.path} />
              {isHere && hasSeveral && (
                <ul className={classes.members}>
                  {members.map((page) => (
                    <li key={page.path}>
                      <Link to={page.path} className={classes.member} aria-current={path === page.path ? 'page' : undefined}>
                        {page.title}
                      </Link>
                    </li>
                  ))}
                </ul>
              )}
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** The group of a page, also of one about one thing, whose path begins with that of its list. */
function groupOf(path: string): string | undefined {
  const exact = pages.find((page) => page.path === path);
  if (exact) return exact.group;
  const root = `/${path.split('/')[1] ?? ''}`;
  return pages.find((page) => page.path === root || page.path.startsWith(`${root}/`))?.group;
}

function GroupLink({ page, label, isHere, isCurrent }: { page: Page; label: string; isHere: boolean; isCurrent: boolean }) {
  const { icon: Icon, shortcut, path } = page;
  useShortcut({ keys: shortcut ? `g ${shortcut}` : null, label: texts.shell.shortcutGo(label), to: path });
  return (
    <Link to={path} className={classes.group} data-here={isHere || undefined} aria-current={isCurrent ? 'page' : undefined}>
      {Icon && <Icon size={18} stroke={1.7} aria-hidden />}
      {label}
    </Link>
  );
}
