-- One row per version, and in each table of a panel per version and what its key names: the cockpit's target.
-- The owner applies this once; the account of the service needs SELECT, INSERT, UPDATE and DELETE on the tables, a display
-- SELECT alone. A reader takes ckpt_current.version first and every row by that version.

-- One row per version that is kept; AS_OF is the day whose state the figures show.
CREATE TABLE IF NOT EXISTS ckpt_version (
  version bigint NOT NULL,
  index_sha256 varchar(64) NOT NULL,
  run_id varchar(60) NOT NULL,
  snapshot_id varchar(60) NOT NULL,
  as_of varchar(10) NOT NULL,
  data_time varchar(19) NOT NULL,
  refreshed_at varchar(19) NOT NULL,
  late_after varchar(19) NOT NULL,
  current_month varchar(7) NOT NULL,
  complete_month varchar(7) NOT NULL,
  PRIMARY KEY (version)
);

-- One row, ID 1: the version in force.
CREATE TABLE IF NOT EXISTS ckpt_current (
  id smallint NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (id)
);

-- One row per version and panel: its title, and what a reader should know of it.
CREATE TABLE IF NOT EXISTS ckpt_panel (
  version bigint NOT NULL,
  panel varchar(60) NOT NULL,
  title varchar(400),
  note varchar(1000),
  position bigint NOT NULL,
  PRIMARY KEY (version, panel)
);

-- Panel key-figures (主要指标).
CREATE TABLE IF NOT EXISTS ckpt_key_figure (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  indicator_id varchar(60) NOT NULL,
  indicator_name varchar(400),
  unit varchar(400),
  value numeric(20, 2),
  previous_value numeric(20, 2),
  previous_change numeric(20, 2),
  previous_percent numeric(20, 2),
  last_year_value numeric(20, 2),
  last_year_change numeric(20, 2),
  last_year_percent numeric(20, 2),
  compared_days varchar(400),
  PRIMARY KEY (version, org_code, month, indicator_id)
);

-- Panel key-figures (主要指标).
CREATE TABLE IF NOT EXISTS ckpt_sparkline (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  indicator_id varchar(60) NOT NULL,
  value numeric(20, 2),
  PRIMARY KEY (version, org_code, month, indicator_id)
);

-- Panel trend (受理、结案与未结趋势（24个月）).
CREATE TABLE IF NOT EXISTS ckpt_trend (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  accepted bigint NOT NULL,
  closed bigint NOT NULL,
  stock bigint NOT NULL,
  PRIMARY KEY (version, org_code, month)
);

-- Panel districts (各区分布与排名).
CREATE TABLE IF NOT EXISTS ckpt_body (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  org_name varchar(400),
  org_level varchar(400),
  district_code varchar(400),
  tile_name varchar(400),
  tile_column bigint,
  tile_row bigint,
  position bigint NOT NULL,
  PRIMARY KEY (version, org_code)
);

-- Panel districts (各区分布与排名).
CREATE TABLE IF NOT EXISTS ckpt_ranking (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  indicator_id varchar(60) NOT NULL,
  value numeric(20, 2),
  place bigint,
  places bigint NOT NULL,
  PRIMARY KEY (version, org_code, month, indicator_id)
);

-- Panel dispute-types (争议类型).
CREATE TABLE IF NOT EXISTS ckpt_dispute_type (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  indicator_id varchar(60) NOT NULL,
  indicator_name varchar(400),
  position bigint NOT NULL,
  value numeric(20, 2),
  share_percent numeric(20, 2),
  previous_value numeric(20, 2),
  last_year_value numeric(20, 2),
  PRIMARY KEY (version, org_code, month, indicator_id)
);

-- Panel employer-groups (用人单位类型).
CREATE TABLE IF NOT EXISTS ckpt_employer_group (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  indicator_id varchar(60) NOT NULL,
  indicator_name varchar(400),
  position bigint NOT NULL,
  value numeric(20, 2),
  share_percent numeric(20, 2),
  previous_value numeric(20, 2),
  last_year_value numeric(20, 2),
  PRIMARY KEY (version, org_code, month, indicator_id)
);

-- Panel industries (行业).
CREATE TABLE IF NOT EXISTS ckpt_industry (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  indicator_id varchar(60) NOT NULL,
  indicator_name varchar(400),
  position bigint NOT NULL,
  value numeric(20, 2),
  share_percent numeric(20, 2),
  previous_value numeric(20, 2),
  last_year_value numeric(20, 2),
  PRIMARY KEY (version, org_code, month, indicator_id)
);

-- Panel collective-disputes (集体争议).
CREATE TABLE IF NOT EXISTS ckpt_collective (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  indicator_id varchar(60) NOT NULL,
  indicator_name varchar(400),
  unit varchar(400),
  value numeric(20, 2),
  previous_value numeric(20, 2),
  previous_change numeric(20, 2),
  previous_percent numeric(20, 2),
  last_year_value numeric(20, 2),
  last_year_change numeric(20, 2),
  last_year_percent numeric(20, 2),
  compared_days varchar(400),
  PRIMARY KEY (version, org_code, month, indicator_id)
);

-- Panel time-limits (审限).
CREATE TABLE IF NOT EXISTS ckpt_time_limit (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  as_of varchar(10) NOT NULL,
  open_cases bigint NOT NULL,
  suspended bigint NOT NULL,
  overdue bigint NOT NULL,
  overdue_over_30 bigint NOT NULL,
  longest_overdue_days bigint,
  due_in_7_days bigint NOT NULL,
  PRIMARY KEY (version, org_code)
);

-- Panel pre-applications (网上预申请).
CREATE TABLE IF NOT EXISTS ckpt_pre_application (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  month varchar(7) NOT NULL,
  is_provisional smallint NOT NULL,
  class varchar(60) NOT NULL,
  class_name varchar(400),
  position bigint NOT NULL,
  is_problem smallint NOT NULL,
  records bigint NOT NULL,
  PRIMARY KEY (version, org_code, month, class)
);

-- Panel data-quality (数据质量).
CREATE TABLE IF NOT EXISTS ckpt_quality (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  severity varchar(60) NOT NULL,
  open_findings bigint NOT NULL,
  verified_findings bigint NOT NULL,
  PRIMARY KEY (version, org_code, severity)
);

-- Panel data-quality (数据质量).
CREATE TABLE IF NOT EXISTS ckpt_quality_rule (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  rule_id varchar(60) NOT NULL,
  rule_title varchar(400),
  severity varchar(60) NOT NULL,
  open_findings bigint NOT NULL,
  PRIMARY KEY (version, org_code, rule_id)
);

-- Panel data-quality (数据质量).
CREATE TABLE IF NOT EXISTS ckpt_quality_trend (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  run_id varchar(60) NOT NULL,
  run_day varchar(10) NOT NULL,
  severity varchar(60) NOT NULL,
  open_findings bigint NOT NULL,
  PRIMARY KEY (version, org_code, run_id, severity)
);

-- Panel submissions (全国平台报送).
CREATE TABLE IF NOT EXISTS ckpt_submission (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  product varchar(60) NOT NULL,
  batch varchar(400),
  period varchar(400),
  state varchar(400),
  records bigint,
  accepted bigint,
  rejected bigint,
  unanswered bigint,
  held_back bigint NOT NULL,
  PRIMARY KEY (version, org_code, product)
);

-- Panel backups (数据备份).
CREATE TABLE IF NOT EXISTS ckpt_backup (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  kind varchar(60) NOT NULL,
  kind_name varchar(400),
  backups bigint NOT NULL,
  last_good varchar(19),
  last_verified varchar(19),
  last_drill varchar(19),
  PRIMARY KEY (version, org_code, kind)
);

-- Panel freshness (数据时效).
CREATE TABLE IF NOT EXISTS ckpt_freshness (
  version bigint NOT NULL,
  org_code varchar(60) NOT NULL,
  data_time varchar(19),
  last_change varchar(19),
  days_unchanged bigint,
  PRIMARY KEY (version, org_code)
);
