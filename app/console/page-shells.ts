/** The HTML of the pages that are a frame, a heading and a module: one template, one line for each page. */

/** Name, which is the address and the module's file, and title. */
const SHELLS = {
  account: '我的账号',
  accounts: '账号管理',
  agreement: '三方一致',
  audit: '审计记录',
  backups: '数据备份',
  comparison: '预申请比对',
  files: '文件下载',
  findings: '数据问题',
  'pre-application': '预申请比对详情',
  progress: '运行进度',
  run: '运行详情',
  runs: '运行',
  schedules: '计划',
  start: '发起运行',
  submission: '报送批次',
  submissions: '报送与回执',
  tokens: 'API令牌',
} as const;

/** Pages with a style sheet of their own, which has the page's name. */
const STYLED: readonly string[] = ['agreement'];

/** The files of these pages: `runs.html` and its text. */
export function pageShells(): [string, string][] {
  return Object.entries(SHELLS).map(([name, title]) => [`${name}.html`, shell(name, title)]);
}

const styleLink = (name: string): string =>
  STYLED.includes(name) ? `\n    <link rel="stylesheet" href="/static/css/${name}.css" />` : '';

const shell = (name: string, title: string): string => `<!doctype html>
<html lang="zh-CN">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · 劳动人事争议仲裁数据服务</title>
    <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/static/css/base.css" />${styleLink(name)}
    <script src="/static/lib/theme.js"></script>
    <script type="module" src="/static/pages/${name}.js"></script>
  </head>
  <body>
    <a class="skip" href="#main">跳到内容</a>
    <header id="frame" class="frame"></header>
    <main id="main" class="page" tabindex="-1">
      <h1>${title}</h1>
      <div id="content"><p class="nothing">正在读取…</p></div>
    </main>
  </body>
</html>
`;
