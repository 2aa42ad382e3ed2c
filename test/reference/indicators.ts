/** The table of indicators, written out a second time: `id name unit`, in the order of the dataset file. */

const TABLE = `
A01 上期末累计未结案件数 件
A02 当期受理案件数 件
A03 其中:集体争议案件数 件
A04 其中:劳动者申请 件
A05 其中:用人单位申请 件
A06 涉及劳动者人数 人
A07 其中:集体争议劳动者人数 人
A08 涉案金额 万元
A09 当期不予受理案件数 件
T01 确认劳动关系 件
T02 订立劳动合同 件
T03 履行变更劳动合同 件
T04 解除终止劳动合同 件
T05 劳动报酬 件
T06 社会保险 件
T07 工作时间休息休假 件
T08 福利培训劳动保护 件
T09 工伤待遇 件
T10 经济补偿赔偿金 件
T11 人事争议 件
T12 竞业限制与保密 件
T99 其他 件
E01 国有企业 件
E02 集体企业 件
E03 民营企业 件
E04 港澳台及外商投资企业 件
E05 个体经济组织 件
E06 机关 件
E07 事业单位 件
E08 社会组织 件
E09 其他 件
IA 农、林、牧、渔业 件
IB 采矿业 件
IC 制造业 件
ID 电力、热力、燃气及水生产和供应业 件
IE 建筑业 件
IF 批发和零售业 件
IG 交通运输、仓储和邮政业 件
IH 住宿和餐饮业 件
II 信息传输、软件和信息技术服务业 件
IJ 金融业 件
IK 房地产业 件
IL 租赁和商务服务业 件
IM 科学研究和技术服务业 件
IN 水利、环境和公共设施管理业 件
IO 居民服务、修理和其他服务业 件
IP 教育 件
IQ 卫生和社会工作 件
IR 文化、体育和娱乐业 件
IS 公共管理、社会保障和社会组织 件
IT 国际组织 件
IZ 未填写 件
C01 当期结案数 件
C02 仲裁调解 件
C03 仲裁裁决 件
C04 其中:终局裁决 件
C05 其他方式 件
C06 其中:撤回及按撤回处理 件
C07 劳动者胜诉 件
C08 用人单位胜诉 件
C09 双方部分胜诉 件
C10 裁决结果未填 件
C11 审限内结案数 件
C12 结案涉及劳动者人数 人
C13 结案金额 万元
B01 期末累计未结案件数 件
B02 其中:超审限未结 件
R01 仲裁结案率 %
R02 仲裁调解率 %
R03 终局裁决率 %
R04 审限内结案率 %
R05 平均审理天数 天
M01 案外调解受理数 件
M02 案外调解结案数 件
M03 其中:调解成功 件
M04 调解成功率 %
M05 调解涉及劳动者人数 人
M06 调解涉案金额 万元
MK1 企业劳动争议调解委员会 件
MK2 乡镇街道劳动争议调解组织 件
MK3 机关事业单位人事争议调解组织 件
MK4 行业性区域性调解组织 件
MK5 仲裁机构案外调解 件
MK9 其他调解组织 件
`;

export interface NamedIndicator {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
}

/** Every indicator with the name and the unit that the dataset file shows. */
export const INDICATORS: readonly NamedIndicator[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [id = '', name = '', unit = ''] = line.split(' ');
    return { id, name, unit };
  });

/** Rates: numerator and denominators, each a sum of indicators. R05's numerator is a sum of days of its own. */
export const RATES: Readonly<Record<string, readonly [numerator: string, denominator: readonly string[]]>> = {
  R01: ['C01', ['A01', 'A02']],
  R02: ['C02', ['C01']],
  R03: ['C04', ['C03']],
  R04: ['C11', ['C01']],
  R05: ['R05', ['C01']],
  M04: ['M03', ['M02']],
};

/** Flows: what happened in the period, neither a stock nor a rate. Only these are compared and add up over months. */
export const FLOWS: readonly string[] = INDICATORS.map(({ id }) => id).filter(
  (id) => !['A01', 'B01', 'B02'].includes(id) && !(id in RATES),
);
